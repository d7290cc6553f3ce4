/** Workers: wasm comes only as an imported module. */
import module from '../../../wasm/prebuilt/icestream.wasm';

export const defaultMemoryLimitBytes = 64 * 1024 * 1024;

export const engineSource = () => module;
