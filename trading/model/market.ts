export const MARKETS = ['embedded', 'testnet', 'mainnet'] as const;
/** What is earned on one never mixes with what is earned on another: each has its own directory. */
export type Market = (typeof MARKETS)[number];
