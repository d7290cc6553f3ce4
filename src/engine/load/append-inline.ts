/** `icestream/append/inline`: as `inline.ts`, with the artifact that cannot read Parquet. */
import wasm from '../../../wasm/prebuilt/icestream-append.inline.js';
import type { Bytes } from '../../util/bytes.ts';
import { inflateText } from './inflate-text.ts';

export const defaultMemoryLimitBytes: number = 256 * 1024 * 1024;

export const engineSource = (): Promise<Bytes> => inflateText(wasm);
