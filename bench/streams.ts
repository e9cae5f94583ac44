import { loadavg } from 'node:os'
import { benchOptions, report, type Bar } from './report.js'
import { appendPart } from './streams/append.js'
import { catchUpPart } from './streams/catch-up.js'
import { fanOutPart } from './streams/fan-out.js'
import { gatewayCatchUpPart } from './streams/gateway-catch-up.js'
import type { StreamsPart } from './streams/part.js'

// Streams from end to end, part by part: each starts what it needs and stops it again. With
// STREAMS_PARTS=append,catch-up only these.
const parts: readonly StreamsPart[] = [appendPart, catchUpPart, gatewayCatchUpPart, fanOutPart]

const options = benchOptions()
const wanted = process.env['STREAMS_PARTS']?.split(',')
const bars: Bar[] = []
console.log(`load before: ${load()}`)
for (const part of parts) {
  if (wanted !== undefined && !wanted.includes(part.name)) continue
  bars.push(...(await part.measure(options)))
}
console.log(`load after: ${load()}`)
report('streams', bars, options)

function load(): string {
  return loadavg()
    .map((average) => average.toFixed(1))
    .join(' ')
}
