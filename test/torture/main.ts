import { readOptions } from './options.js'
import { printLedger } from './ledger.js'
import { torture } from './scenario.js'

// `npm run torture:streams`: the scenario for as long as one likes. SIGTERM ends it early, with the
// ledger of what there was; Ctrl-C ends the system too, and so without one.
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())

try {
  const options = readOptions(process.argv.slice(2))
  console.log(`seed ${options.seed}`)
  const from = Date.now()
  const ledger = await torture(
    options,
    (what) => {
      if (!options.json)
        console.log(`${((Date.now() - from) / 1_000).toFixed(1).padStart(7)} s  ${what}`)
    },
    stopping.signal,
  )
  console.log(options.json ? JSON.stringify(ledger) : printLedger(ledger))
  // At once: what the system and the proxy left half closed is nobody's any more.
  process.exit(ledger.clean ? 0 : 1)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
