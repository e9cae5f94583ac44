import { mergeConfig } from 'vitest/config'
import base from './vitest.config.js'

const { test, ...rest } = base

export default mergeConfig(rest, {
  test: { ...test, include: ['**/*.rig.test.ts'], hookTimeout: 180_000, testTimeout: 120_000 },
})
