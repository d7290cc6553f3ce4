/** Avro: the container format of manifests and manifest lists, and of some data files. */

export type { BlockDecompressor, ExtraCodecs } from './codec.ts';
export type { WriteCodec } from './compress.ts';
export { AvroFile, type AvroReadOptions, openAvro } from './container-read.ts';
export { type AvroWriteOptions, AvroWriter } from './container-write.ts';
export type { AvroValue, ReadShape, WantedField } from './decode.ts';
export { type AvroField, type AvroSchema, parseAvroSchema } from './schema.ts';
