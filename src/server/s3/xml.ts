/** The small, flat XML of S3's answers. */
import { escapeXml, parseXml, type XmlElement } from '../../storage/s3/xml.ts';
import { S3Refusal } from './errors.ts';

/** Text, an element's children, several elements of one name, or nothing at all. */
export type XmlContent = string | number | boolean | null | undefined | XmlChildren | readonly XmlContent[];

export interface XmlChildren {
  readonly [name: string]: XmlContent;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Names are ours; only text is escaped. Errors have no namespace, as at S3. */
export function xmlDocument(root: string, content: string | XmlChildren): string {
  const namespace = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`;
  const inner = typeof content === 'string' ? textXml(content) : childrenXml(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${inner}</${root}>`;
}

export function xmlResponse(root: string, content: string | XmlChildren): Response {
  return new Response(xmlDocument(root, content), { headers: { 'content-type': 'application/xml' } });
}

export function errorXml(refusal: S3Refusal, resource: string, requestId: string): string {
  const { code, message, details } = refusal;
  return xmlDocument('Error', { Code: code, Message: message, ...details, Resource: resource, RequestId: requestId });
}

/** The root of a request's body. */
export function readXml(source: string, rootName: string): XmlElement {
  let root: XmlElement | null = null;
  try {
    root = parseXml(source.trim());
  } catch {
    // said below
  }
  if (root?.name === rootName) return root;
  throw new S3Refusal('MalformedXML', `the body is not the XML of a ${rootName}`);
}

function elementXml(name: string, content: XmlContent): string {
  if (content === null || content === undefined) return '';
  if (Array.isArray(content)) return content.map((one) => elementXml(name, one)).join('');
  const inner = typeof content === 'object' ? childrenXml(content as XmlChildren) : textXml(content);
  return `<${name}>${inner}</${name}>`;
}

function childrenXml(content: XmlChildren): string {
  return Object.entries(content)
    .map(([name, value]) => elementXml(name, value))
    .join('');
}

/** Control characters that a key has all the same are written as S3 does: numbered. */
function textXml(text: string | number | boolean): string {
  return (
    escapeXml(String(text).toWellFormed())
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not stand there
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, (c) => `&#${c.charCodeAt(0)};`)
  );
}
