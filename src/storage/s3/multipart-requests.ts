/** The requests of a multipart upload, each with what its failure leaves unknown. */
import { IcestreamError } from '../../errors.ts';
import type { Bytes } from '../../util/bytes.ts';
import { utf8 } from '../../util/encoding.ts';
import type { UploadResult } from '../store.ts';
import { shown } from '../store-errors.ts';
import type { S3Client } from './client.ts';
import { errorOf, readErrorXml, type S3Error } from './errors.ts';
import type { S3Location } from './location.ts';
import { stat } from './read.ts';
import { childrenOf, childText, escapeXml, parseXml } from './xml.ts';

/** As `PartedObject` has them. */
export class MultipartRequests {
  readonly #object: S3Location;
  readonly #client: S3Client;

  constructor(client: S3Client, object: S3Location) {
    this.#client = client;
    this.#object = object;
  }

  async create(contentType: string, signal: AbortSignal, onAmbiguous: () => void): Promise<string> {
    const call = {
      method: 'POST',
      ...this.#object,
      query: { uploads: '' },
      headers: { 'content-type': contentType },
      signal,
      onAmbiguous,
    } as const;
    return this.#client.send(call, async (response) => {
      const uploadId = childText(parseXml((await response.text()).trim()), 'UploadId');
      if (uploadId === null || uploadId === '') throw this.#unreadable('it names no upload');
      return uploadId;
    });
  }

  async part(uploadId: string, number: number, bytes: Bytes, signal: AbortSignal): Promise<string> {
    const query = { partNumber: String(number), uploadId };
    return this.#client.send({ method: 'PUT', ...this.#object, query, body: bytes, signal }, async (response) => {
      await response.arrayBuffer();
      const etag = response.headers.get('etag');
      if (etag !== null) return etag;
      throw this.#unreadable(
        'the etag of a part cannot be seen; in a browser, add <ExposeHeader>ETag</ExposeHeader> to the bucket’s CORS rules',
      );
    });
  }

  async complete(
    uploadId: string,
    etags: readonly string[],
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<UploadResult> {
    const parts = etags
      .map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`)
      .join('');
    const call = {
      method: 'POST',
      ...this.#object,
      query: { uploadId },
      headers: { 'content-type': 'application/xml' },
      body: utf8(
        `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts}</CompleteMultipartUpload>`,
      ),
      expected: [404],
      signal,
    } as const;
    await this.#client.send(call, async (response, { ambiguous }) => {
      const body = await response.text();
      const error = readErrorXml(body);
      if (error === null && response.ok) return this.#checkCompleted(body);
      // An earlier request did it and its answer was lost: what is stored decides.
      if (error?.code === 'NoSuchUpload' && ambiguous) return;
      throw this.#refused(response, body);
    });
    const stored = await stat(this.#client, this.#object, signal);
    if (stored === null) throw this.#lost('is not there after its upload was completed');
    if (stored.sizeBytes !== sizeBytes) {
      throw this.#lost(`has ${stored.sizeBytes} bytes after its upload, but ${sizeBytes} were sent`);
    }
    return { location: this.#object.location, sizeBytes, etag: stored.etag };
  }

  async abort(uploadId: string): Promise<boolean> {
    try {
      const call = { method: 'DELETE', ...this.#object, query: { uploadId }, expected: [404] } as const;
      return await this.#client.send(call, async (response) => {
        await response.arrayBuffer();
        return true;
      });
    } catch {
      return false;
    }
  }

  async openUploads(): Promise<readonly string[] | null> {
    const { key } = this.#object;
    // The whole key as the prefix: MinIO finds no upload by less.
    const call = { method: 'GET', ...this.#object, key: null, query: { uploads: '', prefix: key } } as const;
    try {
      return await this.#client.send(call, async (response) =>
        childrenOf(parseXml((await response.text()).trim()), 'Upload').flatMap((upload) => {
          const id = childText(upload, 'UploadId');
          return childText(upload, 'Key') === key && id !== null ? [id] : [];
        }),
      );
    } catch {
      return null;
    }
  }

  /** A 200 is only a success when its body says so: S3 sends the status before it begins. */
  #checkCompleted(body: string): void {
    if (parseXml(body.trim()).name === 'CompleteMultipartUploadResult') return;
    throw this.#unreadable('it does not say that the upload is complete');
  }

  /** The error in the body; under a status of 200 it is taken for what S3 documents: an internal error. */
  #refused(response: Response, body: string): S3Error {
    const { location, bucket } = this.#object;
    const status = response.ok && readErrorXml(body)?.code === 'InternalError' ? 500 : response.status;
    const host = URL.canParse(response.url) ? new URL(response.url).host : 'the server';
    return errorOf({ status, headers: response.headers, body, retryAfterMs: null }, { location, bucket, host });
  }

  #lost(what: string): IcestreamError {
    const file = shown(this.#object.location);
    return new IcestreamError('INVALID_RESPONSE', `${file} ${what}`, { file });
  }

  #unreadable(why: string): IcestreamError {
    const file = shown(this.#object.location);
    return new IcestreamError('INVALID_RESPONSE', `the answer for the upload of ${file} cannot be used: ${why}`, {
      file,
    });
  }
}
