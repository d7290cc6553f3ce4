/** One object of a store with multipart uploads, as {@link PartedUpload} needs it. */
import type { Bytes } from '../../util/bytes.ts';
import type { UploadResult } from '../store.ts';

/** All calls do their own retries. */
export interface PartedObject {
  readonly location: string;
  /** The whole object at once. `onAmbiguous`: it may be there although the call fails. */
  put(
    bytes: Bytes,
    options: { readonly contentType: string; readonly signal: AbortSignal },
    onAmbiguous: () => void,
  ): Promise<UploadResult>;
  /** @returns the id of a new upload. `onAmbiguous`: the store may have opened one whose id nobody knows. */
  create(contentType: string, signal: AbortSignal, onAmbiguous: () => void): Promise<string>;
  /** Sends part `number`, from 1 on. @returns its etag. */
  part(uploadId: string, number: number, bytes: Bytes, signal: AbortSignal): Promise<string>;
  /** Joins the parts, and checks that what is stored has `sizeBytes`. */
  complete(uploadId: string, etags: readonly string[], sizeBytes: number, signal: AbortSignal): Promise<UploadResult>;
  /** Whether the upload is gone afterwards; never throws. */
  abort(uploadId: string): Promise<boolean>;
  /** Ids of open uploads of exactly this object; null when the store does not say; never throws. */
  openUploads(): Promise<readonly string[] | null>;
  /** Deletes the object; returns its location when it may still be there. */
  remove(): Promise<readonly string[]>;
}
