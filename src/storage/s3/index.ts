/** `icestream/storage/s3`. */
export type { S3Credentials, S3CredentialsProvider } from './credentials.ts';
export type { S3StoreOptions } from './options.ts';
export { s3OptionsFromProperties } from './properties.ts';
export { S3Store } from './s3-store.ts';
export {
  anonymousSigner,
  type RequestSigner,
  type SignableRequest,
  type SignedRequest,
  SigV4Signer,
} from './signer.ts';
export type { OutgoingRequest, S3Transport } from './transport/transport.ts';
