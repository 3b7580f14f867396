/** JSON.parse takes the last of two equal keys and says nothing: of a budget that stands twice, a person may have read the other one. */

/** Strings, and what opens, closes or separates; numbers, words and blanks are skipped. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

interface Open {
  /** Of an object; null of a list. */
  readonly keys: Set<string> | null;
  /** The key or the index that is being read. */
  at: string;
}

/** The dotted path of the first key that stands twice in one object, or null. `text` is JSON: it was parsed before. */
export function keyTwice(text: string): string | null {
  const open: Open[] = [];
  let before = '';
  for (const [token] of text.matchAll(TOKENS)) {
    const inside = open.at(-1);
    if (token === '{') open.push({ keys: new Set(), at: '' });
    else if (token === '[') open.push({ keys: null, at: '0' });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',' && inside?.keys === null) inside.at = String(Number(inside.at) + 1);
    else if (token === ':' && inside !== undefined && inside.keys !== null) {
      // As JSON.parse reads it: the same key may be written with and without escapes.
      inside.at = JSON.parse(before) as string;
      if (inside.keys.has(inside.at)) return open.map(({ at }) => at).join('.');
      inside.keys.add(inside.at);
    }
    before = token;
  }
  return null;
}
