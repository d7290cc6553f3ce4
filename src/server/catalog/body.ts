/** A request's body: JSON, read whole, not larger than allowed. */
import { streamChunks } from '../../source/input-stream.ts';
import { JsonCursor } from '../../spec/json-cursor.ts';
import type { Bytes } from '../../util/bytes.ts';
import { concatBytes } from '../../util/encoding.ts';
import { parseJson } from '../../util/json.ts';
import { boundedBody } from '../bounded-body.ts';
import { badRequest, CatalogProblem } from './problem.ts';

/** @throws CatalogProblem 413, before more than `maxBytes` are read; 415; 400 for what is not UTF-8. */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== undefined && type !== '' && type !== 'application/json') {
    throw new CatalogProblem(415, 'BadRequestException', 'the body must be JSON: content-type application/json');
  }
  const tooLarge = () =>
    new CatalogProblem(413, 'BadRequestException', `the body is larger than the ${maxBytes} bytes this catalog takes`);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge();
  if (request.body === null) return '';
  const chunks: Bytes[] = [];
  for await (const chunk of boundedBody(streamChunks(request.body), maxBytes, tooLarge)) chunks.push(chunk);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(concatBytes(chunks));
  } catch (cause) {
    throw badRequest('the body is not UTF-8', { cause });
  }
}

/**
 * What `read` makes of the JSON; 64-bit numbers are exact.
 * @throws CatalogProblem 400 with the JSON path of what is wrong.
 */
export function parseBody<T>(text: string, read: (body: JsonCursor) => T): T {
  try {
    return read(new JsonCursor(parseJson(text, { file: 'the body' }), 'body'));
  } catch (cause) {
    throw badRequest(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
