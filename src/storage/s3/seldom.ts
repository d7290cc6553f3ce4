/**
 * Large files, listings and streams, which a small append has none of. One module, because each that is imported by
 * itself is a chunk of a page's.
 */
export { listObjects } from './list.ts';
export { MultipartRequests } from './multipart-requests.ts';
export { openStream } from './stream.ts';
