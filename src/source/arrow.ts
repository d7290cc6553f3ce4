/** What opening Arrow data needs; imported when there is some. */
export { arrowFileStream, lacksSchemaMessage, schemaAtTheEnd } from './arrow-file.ts';
export { openArrowIpc } from './arrow-ipc.ts';
