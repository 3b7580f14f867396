import type { Behavior } from '../behavior.ts';
import { prepareStrategy } from '../strategy/registry.ts';
import { TRADER_SYMBOLS_MAX, type TraderConfig } from './config.ts';
import { decideTrader, historyRequest } from './decide.ts';
import { blankMemory, type TraderMemory } from './memory.ts';
import { BLANK_STATE, evolveTrader, watchedBy, type TraderState } from './state.ts';

/** @throws RangeError where the strategy is unknown, its parameters do not fit, or there are no, too many or repeated symbols. */
export function createTrader(config: TraderConfig): Behavior<TraderState, TraderMemory> {
  const prepared = prepareStrategy(config.strategyId, config.strategyParams);
  const { symbols } = config;
  if (symbols.length < 1 || symbols.length > TRADER_SYMBOLS_MAX || new Set(symbols).size !== symbols.length) {
    throw new RangeError(`${config.name}: symbols must be 1 to ${TRADER_SYMBOLS_MAX} different ones, got ${symbols.length}`);
  }
  return {
    initial: BLANK_STATE,
    blank: blankMemory(symbols, prepared),
    decide: (state, memory, message, now) => decideTrader({ config, prepared, state, memory, now }, message),
    evolve: (state, fact) => evolveTrader(config, state, fact),
    /**
     * A trader has nothing to finish: its intent was durable or was never made, and an intent without a verdict is the governor's to take up
     * when it resumes. Its indicators are gone, so it asks for history where it knows the instrument already.
     */
    resume: (state) => {
      const watched = new Set(Object.values(state.instruments).map((instrument) => watchedBy(config, instrument)));
      return { events: [], effects: [...watched].map((symbol) => historyRequest(config, prepared, symbol)) };
    },
  };
}
