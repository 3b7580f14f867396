/** Budgets, limits and results are USD. What these currencies are quoted in counts as USD at par (decisions 5 and 24). */
export const USD_CURRENCIES: readonly string[] = ['USD', 'USDT', 'USDC'];

export const countsAsUsd = (currency: string): boolean => USD_CURRENCIES.includes(currency);
