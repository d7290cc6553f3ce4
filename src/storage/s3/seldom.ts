/** Requests of large files and of listings. One module, because each that is imported by itself is a chunk of a page's. */
export { listObjects } from './list.ts';
export { MultipartRequests } from './multipart-requests.ts';
