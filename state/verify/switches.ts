/**
 * RT-2, KS-3, RK-1: no entry is approved that a switch forbade. The governor hears facts in the order of the journal, so what was forbidden
 * before an order was intended, and still is when it is approved, was known to it. A kill that came between the two is execution's to
 * hold: those entries are looked at where they are accepted or reach a venue.
 */
import type { EventBody, Fact, KillScope } from '#trading/model/events.ts';
import { brokerOf, type Asset, type Instant, type Mode } from '#trading/model/instrument.ts';
import type { Report, VerifyRule } from './report.ts';

/** Said again, not shared: what verify proves may not rest on the reading that made the journal. */
interface Forbidden {
  readonly rule: VerifyRule;
  /** The record that forbade it. */
  readonly since: number;
  readonly what: string;
}

interface Wire {
  readonly code: string;
  readonly until: Instant | null;
  readonly since: number;
}

const accountOf = ({ asset, mode }: { readonly asset: Asset; readonly mode: Mode }): string => `${asset}|${mode}`;

export class SwitchRules {
  readonly #killed = new Map<KillScope, number>();
  /** What was switched, and by which record. */
  readonly #modes = new Map<string, { readonly on: boolean; readonly since: number }>();
  readonly #wires = new Map<string, readonly Wire[]>();
  /** By client order id, of entries without a verdict. */
  readonly #intendedBy = new Map<string, number>();
  /** Live is off at the start of every run. */
  #startedBy = 0;

  check(fact: Fact, report: Report): void {
    switch (fact.type) {
      case 'system.started':
        return this.#started(fact.seq);
      case 'mode.changed':
        return void this.#modes.set(accountOf(fact.body), { on: fact.body.on, since: fact.seq });
      case 'kill.tripped':
        if (!this.#killed.has(fact.body.scope)) this.#killed.set(fact.body.scope, fact.seq);
        return;
      case 'kill.rearmed':
        this.#killed.clear();
        return this.#wires.clear();
      case 'tripwire.tripped':
        return this.#tripped(fact.body, fact.seq);
      case 'order.intended':
        if (fact.body.intent.kind === 'entry') this.#intendedBy.set(fact.body.intent.clientOrderId, fact.seq);
        return;
      case 'order.approved':
        return this.#approved(fact.body, fact.at, report);
      case 'order.refused':
        return void this.#intendedBy.delete(fact.body.clientOrderId);
      default:
    }
  }

  #started(seq: number): void {
    this.#startedBy = seq;
    for (const account of this.#modes.keys()) if (account.endsWith('|live')) this.#modes.delete(account);
  }

  /** The same wire again is the newer one. */
  #tripped({ asset, mode, refusal: { code }, until }: EventBody<'tripwire.tripped'>, since: number): void {
    const account = accountOf({ asset, mode });
    const others = (this.#wires.get(account) ?? []).filter((wire) => wire.code !== code);
    this.#wires.set(account, [...others, { code, until, since }]);
  }

  #approved({ clientOrderId, asset, mode }: EventBody<'order.approved'>, at: Instant, report: Report): void {
    const intendedBy = this.#intendedBy.get(clientOrderId);
    this.#intendedBy.delete(clientOrderId);
    if (intendedBy === undefined) return;
    for (const { rule, since, what } of this.#forbidden({ asset, mode }, at)) {
      if (since < intendedBy) report(rule, `the entry ${clientOrderId} of ${asset} ${mode} was approved while ${what}, as record ${since} says`);
    }
  }

  #forbidden({ asset, mode }: { readonly asset: Asset; readonly mode: Mode }, at: Instant): readonly Forbidden[] {
    const kills = [...this.#killed].filter(([scope]) => scope === 'all' || scope === asset || scope === brokerOf(asset));
    const wires = (this.#wires.get(accountOf({ asset, mode })) ?? []).filter(({ until }) => until === null || until > at);
    return [
      ...kills.map(([scope, since]): Forbidden => ({ rule: 'KILL', since, what: `the kill of ${scope} was tripped (KS-3)` })),
      ...this.#off({ asset, mode }),
      ...wires.map(({ code, since }): Forbidden => ({ rule: 'WIRE', since, what: `the wire ${code} was tripped (RK-1)` })),
    ];
  }

  #off({ asset, mode }: { readonly asset: Asset; readonly mode: Mode }): readonly Forbidden[] {
    const switched = this.#modes.get(accountOf({ asset, mode })) ?? { on: mode === 'paper', since: this.#startedBy };
    return switched.on ? [] : [{ rule: 'MODE', since: switched.since, what: `${mode} was off for ${asset} (RT-2)` }];
  }
}
