/** The calls of a multipart upload. */
import type { Bytes } from '../../util/bytes.ts';
import type { PartedObject } from '../parts/parted-object.ts';
import type { S3Location } from '../s3/location.ts';
import type { UploadResult } from '../store.ts';
import type { R2Upload } from './binding.ts';
import type { R2Calls } from './calls.ts';
import { NO_SUCH_UPLOAD, r2Code } from './errors.ts';
import { putObject, resultOf } from './put.ts';

export class R2PartedObject implements PartedObject {
  readonly location: string;
  readonly #calls: R2Calls;
  readonly #object: S3Location;

  constructor(calls: R2Calls, object: S3Location) {
    this.location = object.location;
    this.#calls = calls;
    this.#object = object;
  }

  put(bytes: Bytes, options: { contentType: string; signal: AbortSignal }, onAmbiguous: () => void) {
    return putObject(this.#calls, this.#object, bytes, options, onAmbiguous);
  }

  create(contentType: string, signal: AbortSignal, onAmbiguous: () => void): Promise<string> {
    const { binding, call } = this.#calls;
    return call(this.location, signal, async () => {
      try {
        const upload = await binding.createMultipartUpload(this.#object.key, { httpMetadata: { contentType } });
        return upload.uploadId;
      } catch (error) {
        onAmbiguous();
        throw error;
      }
    });
  }

  part(uploadId: string, number: number, bytes: Bytes, signal: AbortSignal): Promise<string> {
    const send = async () => (await this.#upload(uploadId).uploadPart(number, bytes)).etag;
    return this.#calls.call(this.location, signal, send);
  }

  complete(uploadId: string, etags: readonly string[], sizeBytes: number, signal: AbortSignal): Promise<UploadResult> {
    const { binding, call } = this.#calls;
    const parts = etags.map((etag, i) => ({ partNumber: i + 1, etag }));
    let lost = false;
    return call(this.location, signal, async () => {
      try {
        return resultOf(this.location, await this.#upload(uploadId).complete(parts), sizeBytes);
      } catch (error) {
        // An earlier call did it and its answer was lost: what is stored decides.
        const stored = lost && r2Code(error) === NO_SUCH_UPLOAD ? await binding.head(this.#object.key) : null;
        if (stored !== null) return resultOf(this.location, stored, sizeBytes);
        lost = true;
        throw error;
      }
    });
  }

  async abort(uploadId: string): Promise<boolean> {
    const end = () =>
      this.#upload(uploadId)
        .abort()
        .catch((error: unknown) => {
          if (r2Code(error) !== NO_SUCH_UPLOAD) throw error;
        });
    return this.#calls.call(this.location, undefined, end).then(
      () => true,
      () => false,
    );
  }

  /** The binding lists none. */
  async openUploads(): Promise<null> {
    return null;
  }

  async remove(): Promise<readonly string[]> {
    const { binding, call } = this.#calls;
    return call(this.location, undefined, () => binding.delete([this.#object.key])).then(
      () => [],
      () => [this.location],
    );
  }

  #upload(uploadId: string): R2Upload {
    return this.#calls.binding.resumeMultipartUpload(this.#object.key, uploadId);
  }
}
