/** What an account must be before the first order, and what is set so that it is. */
import type { Instant, Instrument } from '#trading/model/instrument.ts';
import { z } from 'zod';
import type { Environment } from '../endpoints.ts';
import { categoryOf } from '../markets.ts';
import { isUnchanged, type Answer } from './outcome.ts';
import type { Body } from './request.ts';

const ONE_WAY = 0;

const queryApi = z.object({
  readOnly: z.int().optional(),
  permissions: z.record(z.string(), z.array(z.string())).optional(),
  expiredAt: z.string().optional(),
  uta: z.int().optional(),
});

/** Why a key may not be used for live orders, from `user/query-api`; null where it may. A key that can withdraw is refused. */
export function accountProblem(raw: unknown, now: Instant, environment: Environment): string | null {
  const parsed = queryApi.safeParse(raw);
  if (!parsed.success) return 'Bybit describes it in a way that cannot be read';
  const { readOnly, permissions = {}, expiredAt, uta } = parsed.data;
  if (Object.values(permissions).some((names) => names.includes('Withdraw'))) return 'it may withdraw; make one that may trade only';
  if (readOnly === 1) return 'it is read-only; make one that may trade';
  if (uta === 0) return 'it belongs to a classic account; live orders need a unified trading account';
  const expires = expiredAt === undefined ? Number.NaN : Date.parse(expiredAt);
  // A key that is bound to addresses never expires: Bybit says 1970. And a played market's time is not the key's.
  if (environment !== 'embedded' && expires > 0 && expires < now) return `it expired at ${expiredAt ?? '?'}`;
  return null;
}

/** What setting an account up needs of its session. */
export interface AccountWriter {
  write(call: 'privatePostV5PositionSetLeverage' | 'privatePostV5PositionSwitchMode', body: Body): Promise<unknown>;
  answerOf(thrown: unknown): Answer;
}

/** One-way mode and leverage of every perpetual. What is so already is no error. @throws Error where the venue refuses. */
export async function prepareAccount(session: AccountWriter, instruments: readonly Instrument[], leverage: number): Promise<void> {
  for (const { symbol, venueSymbol } of instruments) {
    if (categoryOf(symbol) !== 'linear') continue;
    const common = { category: 'linear', symbol: venueSymbol };
    await settled(session, 'privatePostV5PositionSwitchMode', { ...common, mode: ONE_WAY });
    await settled(session, 'privatePostV5PositionSetLeverage', { ...common, buyLeverage: String(leverage), sellLeverage: String(leverage) });
  }
}

async function settled(session: AccountWriter, call: Parameters<AccountWriter['write']>[0], body: Body): Promise<void> {
  try {
    await session.write(call, body);
  } catch (error) {
    const answer = session.answerOf(error);
    if (!isUnchanged(answer)) throw new Error(`${call} of ${String(body.symbol)}: ${answer.text}`, { cause: error });
  }
}
