/** Lint: the rules of the house's style. What the pure rooms may not touch is named together with what takes its place. */
import { existsSync } from 'node:fs';
import globals from 'globals';
import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

const PURE_ROOMS = ['trading/**/*.ts', 'protocol/**/*.ts', 'learning/**/*.ts', 'actors/**/*.ts'];
const TYPED = ['{trading,protocol,learning,config,state,venues,actors,supervisors,cli,test}/**/*.ts'];
/** comedy and Node load these by path and expect a default export. */
const DEFAULT_EXPORTS = [
  'actors/**/*.ts',
  'supervisors/host.ts',
  'supervisors/entries/*.ts',
  'test/support/actors/*.ts',
  'test/bench/wire-gateway.ts',
  '**/*.config.{js,ts}',
  '.dependency-cruiser.cjs',
];

const TIME = 'time comes as a value: the `now` of decide/receive (trading/behavior.ts, protocol/actor.ts)';
const TIMERS = 'nothing waits here: time comes by the message `clock.advanced`, and supervision belongs to supervisors/';
const CHANCE = 'chance comes from the recorded seed, drawn through the seeded generator that the caller hands in';
const WORLD = 'parameters come with Start.params or as arguments; only config/, supervisors/ and cli/ see the process';
const WORDS = 'say it with an event, a reply or the log port (protocol/ports.ts, Log)';
const WIRE = 'only venues/ speaks to the outside; tell the gateway';

const banned = (names, message) => names.map((name) => ({ name, message }));
const PURE_GLOBALS = [
  ...banned(['Date'], TIME),
  ...banned(['performance'], TIME),
  ...banned(['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask'], TIMERS),
  ...banned(['process'], WORLD),
  ...banned(['console'], WORDS),
  ...banned(['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource'], WIRE),
  ...banned(['crypto'], CHANCE),
];

const STYLE = [
  { selector: 'TSEnumDeclaration', message: 'no enums: use a union of literals, with an `as const` array where it is walked' },
  { selector: 'TSParameterProperty', message: 'no parameter properties: declare the field and assign it' },
  { selector: 'ExportAllDeclaration', message: 'no barrels: import from the file that owns the name' },
  { selector: 'TSAsExpression > TSAnyKeyword', message: 'no `any`: use `unknown` and parse it' },
];
const NO_DEFAULT_EXPORT = {
  selector: 'ExportDefaultDeclaration',
  message: 'no default exports: name it (actor modules and configuration files excepted)',
};

/** What is nearly always a mistake, in any of our files. */
const MISTAKES = {
  eqeqeq: 'error',
  'no-cond-assign': 'error',
  'no-constant-binary-expression': 'error',
  'no-control-regex': 'error',
  'no-debugger': 'error',
  'no-duplicate-case': 'error',
  'no-empty': 'error',
  'no-eval': 'error',
  'no-fallthrough': 'error',
  'no-loss-of-precision': 'error',
  'no-misleading-character-class': 'error',
  'no-self-assign': 'error',
  'no-self-compare': 'error',
  'no-sparse-arrays': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-negation': 'error',
  'no-unsafe-optional-chaining': 'error',
  'no-useless-escape': 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'use-isnan': 'error',
};

/** Rules that need types: the ones that find lost promises, lost errors and unsafe values. */
const TYPE_AWARE = {
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
  '@typescript-eslint/no-for-in-array': 'error',
  '@typescript-eslint/no-implied-eval': 'error',
  '@typescript-eslint/no-unsafe-argument': 'error',
  '@typescript-eslint/no-unsafe-assignment': 'error',
  '@typescript-eslint/no-unsafe-call': 'error',
  '@typescript-eslint/no-unsafe-member-access': 'error',
  '@typescript-eslint/no-unsafe-return': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
};

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'ui/dist/', 'var/', 'coverage/', '.cache/', 'vendor-stubs/', 'test/fixtures/', '**/*.d.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strict, ...tseslint.configs.stylistic],
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowInGenericTypeArguments: true }],
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'none' }],
      ...MISTAKES,
      'no-restricted-syntax': ['error', ...STYLE, NO_DEFAULT_EXPORT],
    },
  },
  {
    files: TYPED,
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: TYPE_AWARE,
  },
  {
    // Tests throw what nobody should throw, and look at what they cannot name.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  {
    files: PURE_ROOMS,
    rules: {
      'no-restricted-globals': ['error', ...PURE_GLOBALS],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: CHANCE },
        ...['Date', 'process', 'console', 'fetch', 'setTimeout', 'setInterval', 'crypto', 'performance'].map((property) => ({
          object: 'globalThis',
          property,
          message: 'reaching it through globalThis is the same: it comes as a value, or not at all',
        })),
      ],
    },
  },
  {
    files: ['trading/**/*.ts', 'protocol/**/*.ts', 'learning/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'the pure rooms know nothing of Node: what they need comes as a value' }] },
      ],
    },
  },
  {
    files: ['actors/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:timers', 'node:timers/*', 'node:perf_hooks'], message: TIMERS },
            { group: ['node:process', 'node:child_process', 'node:worker_threads', 'node:cluster'], message: WORLD },
          ],
        },
      ],
    },
  },
  { files: DEFAULT_EXPORTS, rules: { 'no-restricted-syntax': ['error', ...STYLE] } },
  {
    files: ['scripts/**/*.mjs', 'test/support/*.mjs', '*.{js,cjs,mjs}', '.*.cjs'],
    languageOptions: { globals: globals.node },
    rules: {
      eqeqeq: 'error',
      'no-undef': 'error',
      'no-unused-vars': ['error', { caughtErrors: 'none' }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  ...(existsSync(new URL('./ui/svelte.config.js', import.meta.url)) || existsSync(new URL('./ui/vite.config.ts', import.meta.url)) ? page() : []),
);

/** The page: svelte's own rules, without type-aware ones (svelte-check reports types). */
function page() {
  return [
    ...svelte.configs.recommended,
    {
      files: ['ui/**/*.svelte', 'ui/**/*.svelte.ts'],
      languageOptions: { globals: globals.browser, parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] } },
      rules: { 'svelte/no-at-html-tags': 'error' },
    },
    { files: ['ui/**/*.ts'], languageOptions: { globals: globals.browser } },
  ];
}
