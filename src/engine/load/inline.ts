/**
 * `icestream/inline`: the engine's wasm within the bundle, for bundlers that emit no asset: `init(engineSource())`, or
 * an alias of `#load-engine`.
 */
import wasm from '../../../wasm/prebuilt/icestream.inline.js';
import type { Bytes } from '../../util/bytes.ts';
import { inflateText } from './inflate-text.ts';

export const defaultMemoryLimitBytes: number = 256 * 1024 * 1024;

export const engineSource = (): Promise<Bytes> => inflateText(wasm);
