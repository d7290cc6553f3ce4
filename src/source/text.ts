/** What opening text needs; imported when there is some. */
export { openCsv } from './csv.ts';
export { openJson } from './json.ts';
export { toUtf8 } from './utf16.ts';
