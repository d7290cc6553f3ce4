/** A reader for the small, flat XML that S3 answers with: elements and text, no attributes, no DTD. */
import { IcestreamError } from '../../errors.ts';

export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

const MAX_LENGTH = 16 << 20;
const MAX_DEPTH = 32;
const TOKEN = /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([\w:.-]+)[^<>]*?(\/?)>|([^<]+)/y;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

/** @throws IcestreamError INVALID_RESPONSE when `source` is not well formed, too long or too deep. */
export function parseXml(source: string): XmlElement {
  if (source.length > MAX_LENGTH) throw malformed('it is too long');
  interface Open {
    readonly name: string;
    text: string;
    readonly children: XmlElement[];
  }
  const root: Open = { name: '', text: '', children: [] };
  const stack: Open[] = [root];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const token = TOKEN.exec(source);
    const top = stack.at(-1);
    if (token === null || top === undefined) throw malformed('an element is not well formed');
    const [, cdata, slash, name, empty, text] = token;
    if (cdata !== undefined) top.text += cdata;
    else if (text !== undefined) top.text += decode(text);
    else if (name === undefined) continue;
    else if (slash === '/') {
      if (top.name !== name || stack.length < 2) throw malformed(`</${name}> closes nothing`);
      stack.pop();
    } else {
      const element: Open = { name, text: '', children: [] };
      top.children.push(element);
      if (stack.length > MAX_DEPTH) throw malformed('it is nested too deeply');
      if (empty !== '/') stack.push(element);
    }
  }
  const [first] = root.children;
  if (stack.length !== 1 || first === undefined || root.children.length !== 1) throw malformed('it has no single root');
  return first;
}

/** Text of the first child called `name`; null when there is none. */
export function childText(element: XmlElement, name: string): string | null {
  return element.children.find((child) => child.name === name)?.text ?? null;
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** `text` for element content. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (c) => `&#${c.charCodeAt(0)};`);
}

function decode(text: string): string {
  return text.replace(/&(#x[0-9a-f]+|#\d+|\w+);/gi, (whole, entity: string) => {
    if (!entity.startsWith('#')) return ENTITIES.get(entity) ?? whole;
    const code = /^#x/i.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function malformed(why: string): IcestreamError {
  return new IcestreamError('INVALID_RESPONSE', `the answer is not the XML that S3 sends: ${why}`);
}
