import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What must come out the same for the same input may not look at a clock or throw dice of its own. */
const DETERMINISTIC = [
  'sdk/**/*.ts',
  'estimators/**/*.ts',
  'workflows/**/*.ts',
  'examples/**/*.ts',
  'scorecard/**/*.ts',
];

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', 'gen/', '.third-umpire/', 'tests/histories/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error', noInlineConfig: true },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        // node:test runs and awaits what is registered.
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite', 'default'] },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'export by name' },
        { selector: 'TSAsExpression > TSAsExpression', message: 'narrow with a check instead of casting twice' },
      ],
      // Ports are objects over closures, made by factories, so their methods may be taken off; TypeScript cannot tell.
      '@typescript-eslint/unbound-method': 'off',
      eqeqeq: 'error',
      'no-empty': 'error',
    },
  },
  {
    files: DETERMINISTIC,
    // The defaults of the client are the one place that reaches for the machine's own clock and dice.
    ignores: ['**/*.test.ts', '**/testing/**', 'sdk/client/options.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'take a seeded source of randomness as an argument' },
      ],
    },
  },
  {
    // Fakes of asynchronous ports keep the port's shape, and what a driver answers is untyped.
    files: ['**/*.test.ts', '**/testing/**', '**/contract/**', 'tests/**'],
    rules: {
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/restrict-template-expressions': 'off',
    },
  },
  {
    // What others wrote exports as they do.
    files: ['**/*.d.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    extends: [tseslint.configs.disableTypeChecked],
  },
);
