import * as parquetWasm from 'parquet-wasm';
import { parquetWasmEncoder } from '../../../src/engine/encoder-parquet-wasm.ts';
import { encoderConformance } from '../../conformance/encoder.ts';

encoderConformance({
  name: 'parquet-wasm',
  open: (engine, options) => parquetWasmEncoder({ parquetWasm, engine })(options),
  lacks: new Set(['nan-counts', 'levels', 'exact-row-groups', 'empty-files', 'auto-dictionary']),
});
