import type { Terminal } from '../command.js'
import { number } from './report-text.js'

export interface Progress {
  show(done: { readonly people: number; readonly relationships: number }): void
  note(text: string): void
  end(): void
}

const barWidth = 30

/** A bar that draws over itself on a terminal, plain lines elsewhere, nothing when silent. */
export function createProgress(
  terminal: Terminal,
  total: { readonly people: number; readonly relationships: number },
  silent: boolean,
): Progress {
  const isBar = terminal.isInteractive && !silent
  const all = Math.max(1, total.people + total.relationships)
  const clear = (): void => {
    if (isBar) terminal.err('\r\u001b[K')
  }
  return {
    show: ({ people, relationships }) => {
      if (silent) return
      const text = `${number(people)} of ${number(total.people)} people, ${number(relationships)} of ${number(total.relationships)} relationships`
      if (!isBar) return terminal.err(`${text}\n`)
      const filled = Math.round(((people + relationships) / all) * barWidth)
      terminal.err(`\r\u001b[K[${'#'.repeat(filled).padEnd(barWidth, '.')}] ${text}`)
    },
    note: (text) => {
      clear()
      terminal.err(`${text}\n`)
    },
    end: clear,
  }
}
