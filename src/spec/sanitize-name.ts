/** Names that every Avro implementation accepts: letters, digits and `_` of ASCII, not a digit first. */

/**
 * `a b` becomes `a_x20b` and `1st` becomes `_1st`, as Iceberg's Java library writes it; letters outside ASCII are
 * escaped too, which Java leaves alone and other Avro libraries refuse. Readers go by field id.
 */
export function sanitizeName(name: string): string {
  let out = '';
  for (let i = 0; i < name.length; i++) {
    const c = name.charAt(i);
    if (/[A-Za-z_]/.test(c) || (i > 0 && /[0-9]/.test(c))) out += c;
    else if (/[0-9]/.test(c)) out += `_${c}`;
    else out += `_x${c.charCodeAt(0).toString(16).toUpperCase()}`;
  }
  return out === '' ? '_' : out;
}

/** Sanitised names of fields that share a record; where two become equal, the later gets its field id. */
export function sanitizeNames(fields: readonly { readonly name: string; readonly id: number }[]): string[] {
  const taken = new Set<string>();
  return fields.map(({ name, id }) => {
    const plain = sanitizeName(name);
    const unique = taken.has(plain) ? `${plain}_r${id}` : plain;
    taken.add(unique);
    return unique;
  });
}
