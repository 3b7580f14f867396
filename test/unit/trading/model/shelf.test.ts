import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { allShelved, EMPTY_SHELF, shelve, shelved, unshelve, type Shelf } from '#trading/model/shelf.ts';
import { without } from '#trading/model/without.ts';

/** More keys than three pages have room for. */
const key = fc.nat(120).map((number) => `k${number}`);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('put' as const), key, value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take' as const), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), most: fc.nat(80), held: fc.array(key, { maxLength: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('keep' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Book = Readonly<Record<string, number>>;

/** As the live gateway keeps what is over: the oldest that nobody holds goes where there are too many. */
function prunedShelf(shelf: Shelf<number>, most: number, held: readonly string[]): Shelf<number> {
  if (shelf.size <= most) return shelf;
  for (const [known] of allShelved(shelf)) if (!held.includes(known)) return unshelve(shelf, known);
  return shelf;
}

function prunedBook(book: Book, most: number, held: readonly string[]): Book {
  const keys = Object.keys(book);
  const oldest = keys.length <= most ? undefined : keys.find((known) => !held.includes(known));
  return oldest === undefined ? book : without(book, oldest);
}

function afterStep([shelf, book]: readonly [Shelf<number>, Book], step: Step): readonly [Shelf<number>, Book] {
  switch (step.do) {
    case 'put':
      return [shelve(shelf, step.key, step.value), { ...book, [step.key]: step.value }];
    case 'take':
      return [unshelve(shelf, step.key), without(book, step.key)];
    case 'prune':
      return [prunedShelf(shelf, step.most, step.held), prunedBook(book, step.most, step.held)];
    case 'keep':
      return [reread(shelf), book];
  }
}

/** A snapshot sorts the keys of every record. */
function reread(shelf: Shelf<number>): Shelf<number> {
  const sorted = (_key: string, value: unknown): unknown =>
    typeof value !== 'object' || value === null || Array.isArray(value)
      ? value
      : Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)));
  return JSON.parse(JSON.stringify(shelf, sorted)) as Shelf<number>;
}

describe('a shelf', () => {
  it('is the record that it stands for: the same entries in the same order, whatever was put, taken, pruned and read back from a snapshot', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        let both: readonly [Shelf<number>, Book] = [EMPTY_SHELF, {}];
        for (const step of steps) both = afterStep(both, step);
        const [shelf, book] = both;
        assert.deepEqual([...allShelved(shelf)], Object.entries(book));
        assert.equal(shelf.size, Object.keys(book).length);
        for (const known of Object.keys(book)) assert.equal(shelved(shelf, known), book[known]);
        assert.equal(shelved(shelf, 'k121'), undefined);
        assert.ok(shelf.pages.every(({ keys }) => keys.length > 0));
      }),
    );
  });

  it('what was handed out never changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), step, (steps, last) => {
        let both: readonly [Shelf<number>, Book] = [EMPTY_SHELF, {}];
        for (const step of steps) both = afterStep(both, step);
        const text = JSON.stringify(both[0]);
        afterStep(both, last);
        assert.equal(JSON.stringify(both[0]), text);
      }),
    );
  });

  it('a change copies one page of many', () => {
    let shelf: Shelf<number> = EMPTY_SHELF;
    for (let number = 0; number < 2048; number++) shelf = shelve(shelf, `k${number}`, number);
    const changed = shelve(shelf, 'k1000', -1);
    assert.equal(changed.pages.filter((page, index) => page !== shelf.pages[index]).length, 1);
    assert.ok(shelf.pages.every(({ keys }) => keys.length <= 64));
  });
});
