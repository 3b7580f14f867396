/** The walls of the house: which room may import which, and the one home of every vendor. Held by `npm run check` and test/architecture. */

/** Rooms that a room may import besides itself, as patterns of paths. `ui` is seen through its TypeScript files. */
const ROOMS = {
  trading: [],
  protocol: ['^trading/(money|model)/', '^trading/behavior[.]ts$'],
  learning: ['^trading/'],
  config: ['^trading/(money|model)/'],
  state: ['^trading/', '^protocol/'],
  venues: ['^trading/', '^protocol/'],
  actors: ['^trading/', '^protocol/', '^learning/'],
  supervisors: ['^trading/', '^protocol/', '^learning/', '^config/', '^state/', '^venues/', '^actors/'],
  cli: ['^supervisors/', '^config/', '^protocol/', '^state/', '^trading/(backtest|money|model)/'],
  ui: ['^protocol/', '^trading/(money|model)/'],
};

/** Third-party packages and the only places that may import them. What is not here may be imported nowhere but in tests. */
const VENDORS = {
  'decimal.js': ['^trading/money/'],
  'temporal-polyfill': ['^trading/calendar/'],
  '@noble/hashes': ['^trading/'],
  'safe-stable-stringify': ['^trading/', '^state/'],
  // The edges that parse; never the core (docs/decisions/0010).
  zod: ['^(protocol|config|state|venues|actors|supervisors|cli)/'],
  'pure-rand': ['^learning/'],
  pino: ['^config/log[.]ts$'],
  'pino-roll': ['^config/log[.]ts$'],
  level: ['^state/'],
  ccxt: ['^venues/(bybit|history)/'],
  '@stoqey/ib': ['^venues/(ibkr|history)/'],
  rxjs: ['^venues/(ibkr|history)/'],
  undici: ['^venues/bybit/'],
  ws: ['^venues/embedded/'],
  'csv-parse': ['^venues/(embedded|history)/'],
  'socket.io': ['^actors/dashboard/'],
  sirv: ['^actors/dashboard/'],
  'prom-client': ['^actors/dashboard/'],
  comedy: ['^supervisors/comedy[^/]*[.]ts$'],
  commander: ['^cli/'],
  'socket.io-client': ['^cli/', '^ui/'],
  svelte: ['^ui/'],
  'lightweight-charts': ['^ui/'],
  '@tanstack/svelte-table': ['^ui/'],
  vite: ['^ui/vite[.]config[.]ts$'],
  '@sveltejs/vite-plugin-svelte': ['^ui/(vite|svelte)[.]config[.](ts|js)$'],
};

const ALL_ROOMS = Object.keys(ROOMS).join('|');
const inModules = (name) => `(^|/)node_modules/${name.replace(/[.]/g, '[.]')}/`;

const roomWalls = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room}/ may import ${allowed.length === 0 ? 'no other room' : `only ${allowed.join(', ')}`} (DESIGN: who may import whom)`,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { path: `^(${ALL_ROOMS}|test|scripts)/`, pathNot: [`^${room}/`, ...allowed] },
}));

const vendorHomes = Object.entries(VENDORS).map(([vendor, homes]) => ({
  name: `vendor-${vendor.replace(/[^a-z0-9]+/gi, '-').replace(/^-/, '')}`,
  comment: `${vendor} has one home: ${homes.join(', ')}; ask that place for what you need`,
  severity: 'error',
  from: { path: `^(${ALL_ROOMS})/`, pathNot: homes },
  to: { path: inModules(vendor) },
}));

module.exports = {
  forbidden: [
    ...roomWalls,
    ...vendorHomes,
    {
      name: 'vendor-unlisted',
      comment: 'this package has no home yet: give it one in VENDORS of .dependency-cruiser.cjs, with a decision record',
      severity: 'error',
      from: { path: `^(${ALL_ROOMS})/` },
      to: { path: 'node_modules/', pathNot: [...Object.keys(VENDORS).map(inModules), 'node_modules/@types/'] },
    },
    {
      name: 'pure-core',
      comment: 'trading/, protocol/ and learning/ do no I/O: what they need of Node comes as a value',
      severity: 'error',
      from: { path: '^(trading|protocol|learning)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'repl-only-in-cli',
      comment: 'node:repl belongs to cli/',
      severity: 'error',
      from: { path: `^(${ALL_ROOMS})/`, pathNot: '^cli/' },
      to: { path: '^(node:)?repl$' },
    },
    {
      name: 'no-cycles',
      comment: 'two files that need each other are one idea, or hide a third',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'nobody imports this file and it is no entry point: use it or remove it',
      severity: 'error',
      from: {
        orphan: true,
        path: `^(${ALL_ROOMS})/`,
        pathNot: ['^cli/main[.]ts$', '^actors/[^/]+[.]ts$', '^supervisors/(host|entries/)', '^ui/', '[.]d[.]ts$'],
      },
      to: {},
    },
    {
      name: 'unresolvable',
      comment: 'this import leads nowhere: rooms are crossed by #room/file.ts, neighbours reached by ./file.ts',
      severity: 'error',
      from: { path: `^(${ALL_ROOMS}|test)/` },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependency-at-run-time',
      comment: 'the running system may not need a development package',
      severity: 'error',
      from: { path: `^(${ALL_ROOMS})/` },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'tests-stay-outside',
      comment: 'only tests import tests',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|vendor-stubs|[.]svelte-kit)/' },
    moduleSystems: ['es6', 'cjs'],
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.svelte'],
    },
  },
};
