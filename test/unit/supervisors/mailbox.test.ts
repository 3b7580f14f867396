import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { Mailbox, URGENT_MAX, type Item } from '#supervisors/mailbox.ts';
import type { Message } from '#trading/model/messages.ts';
import { envelope, factMessage, quoteMessage } from '../../support/envelopes.ts';

const LIMITS = { max: 10, mergeAbove: 3, remembered: 100 };
const TRIP: Message = { type: 'kill.trip', body: { scope: 'all', reason: 'test', source: 'test', flatten: false } };
const NOTE: Message = { type: 'actor.asked', body: { query: 'note', args: [] } };
const item = (id: string, message: Message = NOTE): Item => ({ envelope: envelope(id, message), answer: null, attempts: 0 });

function drain(mailbox: Mailbox): string[] {
  const ids: string[] = [];
  for (let next = mailbox.shift(); next !== undefined; next = mailbox.shift()) ids.push(next.envelope.id);
  return ids;
}

function volumes(mailbox: Mailbox): (string | null)[] {
  const found: (string | null)[] = [];
  for (let next = mailbox.shift(); next !== undefined; next = mailbox.shift()) {
    if (next.envelope.type === 'quote.received') found.push(next.envelope.body.quote.volume);
  }
  return found;
}

describe('a mailbox', () => {
  it('is first in, first out, but kills and their facts go first', () => {
    const mailbox = new Mailbox(LIMITS);
    const taken = [item('1'), item('2', factMessage(7)), item('3', TRIP), item('4'), item('5', factMessage(8, 'kill.tripped'))].map((each) =>
      mailbox.push(each),
    );
    assert.deepEqual(new Set(taken), new Set(['queued']));
    assert.deepEqual(drain(mailbox), ['3', '5', '1', '2', '4']);
  });

  it('keeps the order of everything but kills, whatever is put in and taken out', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('note', 'kill', 'take'), { maxLength: 200 }), (steps) => {
        const mailbox = new Mailbox({ max: 1000, mergeAbove: 1000, remembered: 1000 });
        const [urgent, normal, out]: string[][] = [[], [], []];
        const expected: (string | undefined)[] = [];
        for (const [index, step] of steps.entries()) {
          if (step === 'take') {
            out?.push(mailbox.shift()?.envelope.id ?? 'nothing');
            expected.push(urgent?.shift() ?? normal?.shift() ?? 'nothing');
          } else {
            mailbox.push(item(String(index), step === 'kill' ? TRIP : NOTE));
            (step === 'kill' ? urgent : normal)?.push(String(index));
          }
        }
        assert.deepEqual(out, expected);
        assert.deepEqual(drain(mailbox), [...(urgent ?? []), ...(normal ?? [])]);
      }),
    );
  });

  it('is bounded: what does not fit is not taken', () => {
    const mailbox = new Mailbox(LIMITS);
    const taken = Array.from({ length: 12 }, (_, index) => mailbox.push(item(String(index))));
    assert.deepEqual(taken.slice(9), ['queued', 'full', 'full']);
    assert.equal(mailbox.length, 10);
  });

  it('KS-1 a kill and its fact find room in a full mailbox, and go first', () => {
    const mailbox = new Mailbox(LIMITS);
    for (let index = 0; index < LIMITS.max; index++) mailbox.push(item(String(index)));
    assert.equal(mailbox.push(item('one too many')), 'full');
    assert.deepEqual([mailbox.push(item('trip', TRIP)), mailbox.push(item('fact', factMessage(7, 'kill.tripped')))], ['queued', 'queued']);
    assert.equal(mailbox.length, LIMITS.max + 2);
    assert.deepEqual(drain(mailbox).slice(0, 3), ['trip', 'fact', '0']);
  });

  it('KS-1 kills that wait take no room from the rest, and are bounded themselves', () => {
    const mailbox = new Mailbox(LIMITS);
    for (let index = 0; index < URGENT_MAX; index++) assert.equal(mailbox.push(item(`k${index}`, TRIP)), 'queued');
    assert.equal(mailbox.push(item('one too many', TRIP)), 'full');
    for (let index = 0; index < LIMITS.max; index++) assert.equal(mailbox.push(item(String(index))), 'queued');
    assert.equal(mailbox.push(item('and another')), 'full');
  });

  it('drops a second message of the same id, also after the first was taken out, within its window', () => {
    const mailbox = new Mailbox({ ...LIMITS, remembered: 2 });
    assert.equal(mailbox.push(item('1')), 'queued');
    mailbox.shift();
    assert.equal(mailbox.push(item('1')), 'duplicate');
    mailbox.push(item('2'));
    mailbox.push(item('3'));
    assert.equal(mailbox.push(item('1')), 'queued', 'forgotten after two others');
  });

  it('QS-1 keeps every quote while few messages wait', () => {
    const mailbox = new Mailbox(LIMITS);
    assert.deepEqual([mailbox.push(item('1', quoteMessage('q1'))), mailbox.push(item('2', quoteMessage('q2')))], ['queued', 'queued']);
    assert.deepEqual(drain(mailbox), ['1', '2']);
  });

  it('merges quotes that pile up to the newest of each instrument, in place, with the volume summed', () => {
    const mailbox = new Mailbox(LIMITS);
    mailbox.push(item('1', quoteMessage('q1', 'BTC/USDT', '0.1')));
    mailbox.push(item('2'));
    mailbox.push(item('3', quoteMessage('q3', 'ETH/USDT', null)));
    mailbox.push(item('4'));
    assert.equal(mailbox.push(item('5', quoteMessage('q5', 'BTC/USDT', '0.2'))), 'merged');
    assert.equal(mailbox.push(item('6', quoteMessage('q6', 'ETH/USDT', '4'))), 'merged');
    assert.equal(mailbox.push(item('7', quoteMessage('q7', 'SOL/USDT', '1'))), 'queued');
    assert.equal(mailbox.length, 5);
    assert.equal(mailbox.push(item('5', quoteMessage('q5', 'BTC/USDT', '0.2'))), 'duplicate');
    const first = mailbox.shift()?.envelope;
    assert.ok(first?.type === 'quote.received');
    assert.deepEqual([first.id, first.body.quote.id, first.body.quote.volume], ['5', 'q5', '0.3']);
    assert.equal(
      mailbox.push(item('8', quoteMessage('q8', 'BTC/USDT', '7'))),
      'queued',
      'the one that was taken out is no longer there to merge with',
    );
    assert.deepEqual(volumes(mailbox), ['4', '1', '7']);
  });

  it('loses no volume and no other message, whatever is merged', () => {
    const step = fc.record({ symbol: fc.constantFrom('A', 'B', 'C', null), volume: fc.nat({ max: 9 }), take: fc.boolean(), down: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const mailbox = new Mailbox({ max: 1000, mergeAbove: 2, remembered: 1000 });
        let [offered, notes, taken, noted] = [0, 0, 0, 0];
        const take = (): boolean => {
          const next = mailbox.shift()?.envelope;
          if (next?.type === 'quote.received') taken += Number(next.body.quote.volume);
          else if (next !== undefined) noted += 1;
          return next !== undefined;
        };
        for (const [index, { symbol, volume, take: taking, down }] of steps.entries()) {
          mailbox.mergeAlways(down);
          mailbox.push(item(String(index), symbol === null ? NOTE : quoteMessage(`q${index}`, symbol, String(volume))));
          if (symbol === null) notes += 1;
          else offered += volume;
          if (taking) take();
        }
        while (take());
        assert.deepEqual([taken, noted], [offered, notes]);
      }),
    );
  });

  it('keeps only the newest quote of each instrument while its actor is down', () => {
    const mailbox = new Mailbox(LIMITS);
    for (const [id, symbol] of [
      ['1', 'A'],
      ['2', 'B'],
      ['3', 'A'],
    ] as const) {
      mailbox.push(item(id, quoteMessage(`q${id}`, symbol, '1')));
    }
    mailbox.mergeAlways(true);
    assert.equal(mailbox.length, 2);
    assert.equal(mailbox.push(item('4', quoteMessage('q4', 'B', '1'))), 'merged');
    mailbox.mergeAlways(false);
    assert.deepEqual(drain(mailbox), ['3', '4']);
  });

  it('a message put back is first again', () => {
    const mailbox = new Mailbox(LIMITS);
    mailbox.push(item('1'));
    mailbox.push(item('2'));
    const first = mailbox.shift();
    if (first) mailbox.putFirst(first);
    assert.deepEqual(drain(mailbox), ['1', '2']);
  });
});
