import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.js'

describe('the options of npm start', () => {
  it('have defaults', () => {
    expect(parseOptions([])).toEqual({
      port: 4000,
      dataDir: resolve('.heirloom'),
      fresh: false,
      seed: true,
    })
  })

  it('are read', () => {
    expect(parseOptions(['--port', '5000', '--data-dir=/tmp/x', '--fresh', '--no-seed'])).toEqual({
      port: 5000,
      dataDir: '/tmp/x',
      fresh: true,
      seed: false,
    })
  })

  it('ask for help in two ways', () => {
    expect(parseOptions(['--help'])).toBe('help')
    expect(parseOptions(['-h', '--fresh'])).toBe('help')
  })

  it.each([
    [['--port', 'http'], '--port must be a number'],
    [['--port', '80'], '--port must be a number'],
    [['--port', '70000'], '--port must be a number'],
    [['--prot', '4000'], "Unknown option '--prot'"],
    [['--port'], "'--port <value>' argument missing"],
    [['extra'], 'Unexpected argument'],
  ])('refuse %j', (argv, message) => {
    expect(() => parseOptions(argv)).toThrow(message)
  })
})
