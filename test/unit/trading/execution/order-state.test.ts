import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { add, qty, ZERO_QTY } from '#trading/money/decimal.ts';
import {
  executedOf,
  isOpen,
  NEW_ORDER,
  transition,
  TRANSITIONS,
  VERDICTS,
  type InputName,
  type OrderInput,
  type OrderState,
  type StateName,
} from '#trading/execution/order-state.ts';

const SENT = { qty: qty('10'), sentAt: 1, deadlineAt: 2 };
const NONE = { filledQty: ZERO_QTY, executions: [] };
const SOME = { filledQty: qty('4'), executions: ['e1'] };
const WHOLE = { filledQty: qty('10'), executions: ['e1', 'e2'] };

const STATES: Readonly<Record<StateName, OrderState>> = {
  INTENT: NEW_ORDER,
  SENDING: { at: 'SENDING', ...SENT },
  UNKNOWN: { at: 'UNKNOWN', ...SENT, reason: 'timeout', resolveAfter: 9 },
  ACKED: { at: 'ACKED', ...SENT, venueOrderId: 'v1' },
  PARTIAL: { at: 'PARTIAL', ...SENT, venueOrderId: 'v1', ...SOME },
  FILLED: { at: 'FILLED', qty: SENT.qty, reason: 'filled', ...WHOLE },
  CANCELLED: { at: 'CANCELLED', qty: SENT.qty, reason: 'user', ...SOME },
  EXPIRED: { at: 'EXPIRED', qty: SENT.qty, reason: 'day', ...NONE },
  REJECTED: { at: 'REJECTED', qty: SENT.qty, reason: '110007', ...NONE },
  NOT_SENT: { at: 'NOT_SENT', qty: ZERO_QTY, reason: 'stale', ...NONE },
  NOT_PLACED: { at: 'NOT_PLACED', qty: SENT.qty, reason: 'absent', ...NONE },
  ORPHAN: { at: 'ORPHAN', qty: SENT.qty, reason: 'acknowledged', venueOrderId: 'v1', ...NONE },
};

const fill = (executionId: string, of = '3'): OrderInput => ({ is: 'FILL', executionId, qty: qty(of), venueOrderId: 'v1' });
const INPUTS: Readonly<Record<InputName, OrderInput>> = {
  SEND: { is: 'SEND', ...SENT },
  ACK: { is: 'ACK', venueOrderId: 'v1' },
  REJECT: { is: 'REJECT', reason: '110007' },
  LOSE: { is: 'LOSE', reason: 'timeout', resolveAfter: 9 },
  FILL: fill('e9'),
  CANCEL: { is: 'CANCEL', reason: 'user' },
  EXPIRE: { is: 'EXPIRE', reason: 'day' },
  NOT_SEND: { is: 'NOT_SEND', reason: 'absent' },
};
const ORDER = ['SEND', 'ACK', 'REJECT', 'LOSE', 'FILL', 'CANCEL', 'EXPIRE', 'NOT_SEND'] as const;

/** Where each pair leads and what is thought of it, a `·` for no change; a fill here is 3 of 10. */
const EXPECTED = `
INTENT     | SENDING OK      | · NEVER_SENT  | · NEVER_SENT          | · NEVER_SENT   | · NEVER_SENT            | · NEVER_SENT  | · NEVER_SENT | NOT_SENT OK
SENDING    | · ALREADY_SENT  | ACKED OK      | REJECTED OK           | UNKNOWN OK     | PARTIAL FILL_BEFORE_ACK | CANCELLED OK  | EXPIRED OK   | NOT_PLACED OK
UNKNOWN    | · ALREADY_SENT  | ACKED OK      | REJECTED OK           | · REPEATED     | PARTIAL FILL_BEFORE_ACK | CANCELLED OK  | EXPIRED OK   | NOT_PLACED OK
ACKED      | · ALREADY_SENT  | · REPEATED    | REJECTED LATE_REJECT  | · KNOWN_PLACED | PARTIAL OK              | CANCELLED OK  | EXPIRED OK   | · KNOWN_PLACED
PARTIAL    | · ALREADY_SENT  | · REPEATED    | CANCELLED LATE_REJECT | · KNOWN_PLACED | PARTIAL OK              | CANCELLED OK  | EXPIRED OK   | · KNOWN_PLACED
FILLED     | · ALREADY_SENT  | · LATE_ACK    | · CONTRADICTED        | · LATE_END     | FILLED OVERFILL         | · LATE_END    | · LATE_END   | · CONTRADICTED
CANCELLED  | · ALREADY_SENT  | · LATE_ACK    | · LATE_END            | · LATE_END     | CANCELLED LATE_FILL     | · REPEATED    | · LATE_END   | · CONTRADICTED
EXPIRED    | · ALREADY_SENT  | · LATE_ACK    | · LATE_END            | · LATE_END     | EXPIRED LATE_FILL       | · LATE_END    | · REPEATED   | · CONTRADICTED
REJECTED   | · ALREADY_SENT  | ORPHAN GHOST  | · REPEATED            | · LATE_END     | REJECTED LATE_FILL      | · LATE_END    | · LATE_END   | · CONTRADICTED
NOT_SENT   | · ALREADY_SENT  | · NEVER_SENT  | · NEVER_SENT          | · NEVER_SENT   | · NEVER_SENT            | · NEVER_SENT  | · NEVER_SENT | · REPEATED
NOT_PLACED | · ALREADY_SENT  | ORPHAN GHOST  | · LATE_END            | · LATE_END     | ORPHAN LATE_FILL        | · LATE_END    | · LATE_END   | · REPEATED
ORPHAN     | · ALREADY_SENT  | · REPEATED    | REJECTED OK           | · KNOWN_PLACED | ORPHAN LATE_FILL        | CANCELLED OK  | EXPIRED OK   | · CONTRADICTED
`
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('the states of a live order', () => {
  it('ST-2 the table names every state and every report', () => {
    assert.deepEqual(EXPECTED.map(([state = '']) => state).sort(), Object.keys(TRANSITIONS).sort());
    for (const row of Object.values(TRANSITIONS)) assert.deepEqual(Object.keys(row).sort(), [...ORDER].sort());
  });

  for (const [state = '', ...cells] of EXPECTED) {
    for (const [index, cell] of cells.entries()) {
      const is = ORDER[index] ?? 'SEND';
      it(`ST-2 ${state} + ${is} is ${cell}`, () => {
        const before = STATES[state as StateName];
        const [to = '', verdict = ''] = cell.split(' ');
        const after = transition(before, INPUTS[is]);
        assert.equal(after.verdict, verdict);
        if (to === '·') assert.equal(after.order, before);
        else assert.equal(after.order.at, to);
      });
    }
  }

  it('counts an execution once, in whatever state it comes again', () => {
    for (const state of Object.values(STATES)) {
      const once = transition(state, fill('e7')).order;
      if (once === state) continue;
      assert.deepEqual(transition(once, fill('e7')), { order: once, verdict: 'DUPLICATE_FILL' });
    }
  });

  it('is filled by the last part, before and after its end', () => {
    assert.equal(transition(STATES.PARTIAL, fill('e2', '6')).order.at, 'FILLED');
    const late = transition(STATES.CANCELLED, fill('e2', '6'));
    assert.deepEqual([late.order.at, late.verdict, executedOf(late.order).filledQty], ['FILLED', 'LATE_FILL', '10']);
    const early = transition(STATES.SENDING, fill('e2', '10'));
    assert.deepEqual([early.order.at, early.verdict], ['FILLED', 'FILL_BEFORE_ACK']);
    assert.equal(transition(STATES.PARTIAL, fill('e2', '7')).verdict, 'OVERFILL');
  });

  it('never throws and loses no execution, whatever a venue says in whatever order', () => {
    const id = fc.constantFrom('e1', 'e2', 'e3', 'e4');
    const input = fc.oneof(
      fc.constantFrom(...Object.values(INPUTS)),
      id.map((executionId) => fill(executionId)),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 30 }), (inputs) => {
        let order = transition(NEW_ORDER, INPUTS.SEND).order;
        const executed = new Set<string>();
        for (const one of inputs) {
          const before = order;
          const { order: after, verdict } = transition(before, one);
          assert.ok(VERDICTS.includes(verdict));
          if (one.is === 'FILL') executed.add(one.executionId);
          // What is over opens again for nothing.
          if (!isOpen(before)) assert.ok(!isOpen(after), `${before.at} + ${one.is} is ${after.at}`);
          order = after;
        }
        const sum = add(ZERO_QTY, ...[...executed].map(() => qty('3')));
        assert.equal(executedOf(order).filledQty, sum);
        assert.deepEqual([...executedOf(order).executions].sort(), [...executed].sort());
      }),
      { numRuns: 500 },
    );
  });
});
