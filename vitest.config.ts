import { createRequire } from 'node:module'
import { env } from 'node:process'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    conditions: ['source'],
    // The file that Node loads. By itself Vite takes the one for bundlers, and the classes of a
    // graphql that is loaded twice are not instanceof each other.
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: [
      'packages/**/src/**/*.test.ts',
      'subgraphs/**/src/**/*.test.ts',
      'gateway/src/**/*.test.ts',
      'test/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    testTimeout: 60_000,
    // Once more, in CI alone: real servers on two busy cores miss a deadline now and then.
    retry: env['CI'] === undefined ? 0 : 1,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', './packages/testkit/src/closing-lines-reporter.ts'],
  },
})
