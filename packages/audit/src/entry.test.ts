import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { tenantId } from '@heirloom/tenancy'
import { canonicalLink, linkHash, type EntryRow } from './entry.js'

const entry: EntryRow = {
  tenant_id: tenantId('t_haworth'),
  entry_id: '01JC0000000000000000000000',
  service: 'stories',
  occurred_at: '2026-11-20T20:35:56.961000Z',
  actor: 'user:u_charlotte',
  plugin: null,
  roles: ['owner', 'editor'],
  action: 'story:update',
  resource_kind: 'Story',
  resource_id: '01JC0000000000000000000001',
  outcome: 'DONE',
  code: null,
  source_ip: '203.0.113.7',
  user_agent: 'Brontë "1.0"',
  correlation_id: 'request-1',
}

describe('the canonical form of a link', () => {
  it('is what docs/audit.md says, so that anybody can compute it', () => {
    const text =
      '{"entry":{"action":"story:update","actor":"user:u_charlotte","code":null,' +
      '"correlation_id":"request-1","entry_id":"01JC0000000000000000000000",' +
      '"occurred_at":"2026-11-20T20:35:56.961000Z","outcome":"DONE","plugin":null,' +
      '"resource_id":"01JC0000000000000000000001","resource_kind":"Story",' +
      '"roles":["owner","editor"],"service":"stories","source_ip":"203.0.113.7",' +
      '"tenant_id":"t_haworth","user_agent":"Brontë \\"1.0\\""},"position":1,"previous_hash":null}'
    expect(canonicalLink(entry, 1, null)).toBe(text)
    expect(linkHash(entry, 1, null)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
  })

  it('names every column once, in the order of RFC 8785', () => {
    const { entry: written } = JSON.parse(canonicalLink(entry, 1, null)) as { entry: object }
    expect(Object.keys(written)).toEqual(Object.keys(entry).toSorted())
  })
})
