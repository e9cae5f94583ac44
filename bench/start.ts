import { rm } from 'node:fs/promises'
import { newDataDir, startSystem } from '@heirloom/testkit'
import { benchOptions, percentile, report } from './report.js'

// How long `npm start` takes once the build is there: into an empty folder, and into one that an
// earlier start filled.
const options = benchOptions()
const rounds = options.quick ? 1 : 5
const first: number[] = []
const warm: number[] = []
for (let round = 0; round < rounds; round += 1) {
  const dataDir = await newDataDir()
  for (const into of [first, warm]) {
    const system = await startSystem({ dataDir })
    into.push(system.startMs / 1_000)
    await system.stop()
  }
  await rm(dataDir, { recursive: true, force: true })
}
report(
  'start',
  [
    {
      name: 'first start, median',
      value: percentile(first, 0.5),
      unit: 's',
      goal: 15,
      direction: 'max',
    },
    {
      name: 'warm start, median',
      value: percentile(warm, 0.5),
      unit: 's',
      goal: 8,
      direction: 'max',
    },
  ],
  options,
)
