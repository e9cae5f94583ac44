import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasCode } from '@heirloom/errors'
import { tenantId, type ActorId, type TenantContext } from '@heirloom/tenancy'
import { createEventFactory, type NewEvent } from './envelope.js'
import { validateEvent } from './schemas.js'

const createEvent = createEventFactory()
const context: TenantContext = {
  tenantId: tenantId('home'),
  mode: 'saas',
  actor: { kind: 'user', id: 'user-1' as ActorId },
  roles: ['owner'],
  requestId: 'request-1',
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
}

const story = {
  legacy_id: 'l',
  story_id: 's',
  revision: 1,
  title: '',
  body: '',
  status: 'PUBLISHED',
  author_id: 'user-1',
}
const upload = { file_name: 'a.jpg', content_type: 'image/jpeg', size: 0, sha256: 'a'.repeat(64) }
const imported = { source: 'f.ged', people_created: 0, people_updated: 0, relationships_created: 0 }

/** One event of every type, with no more than its schema asks for. */
const examples: Readonly<Record<string, Pick<NewEvent, 'payload'> & { kind: string }>> = {
  LegacyCreated: { kind: 'Legacy', payload: { legacy_id: 'l', title: 'T', slug: 't' } },
  InvitationCreated: {
    kind: 'Invitation',
    payload: {
      invitation_id: 'i',
      email: 'a@example.org',
      role: 'viewer',
      scope: 'tenant',
      scope_id: null,
      invited_by: 'user-1',
      expires_at: '2025-01-08T12:00:00.000Z',
      sealed_secret: null,
    },
  },
  StoryCreated: { kind: 'Story', payload: { ...story, status: 'DRAFT' } },
  StoryUpdated: { kind: 'Story', payload: story },
  StoryPublished: { kind: 'Story', payload: story },
  StoryDeleted: { kind: 'Story', payload: { legacy_id: 'l', story_id: 's', revision: 1 } },
  PersonAdded: { kind: 'Person', payload: { legacy_id: 'l', person_id: 'p', name: 'N' } },
  RelationshipAdded: {
    kind: 'Relationship',
    payload: {
      legacy_id: 'l',
      relationship_id: 'r',
      person_id: 'p',
      other_person_id: 'q',
      kind: 'PARENT',
    },
  },
  PersonLinkedToStory: {
    kind: 'Person',
    payload: { legacy_id: 'l', story_id: 's', person_id: 'p' },
  },
  TreeImported: { kind: 'Legacy', payload: { legacy_id: 'l', ...imported } },
  MediaUploaded: { kind: 'MediaAsset', payload: { legacy_id: 'l', media_id: 'm', ...upload } },
  MediaLinked: { kind: 'MediaAsset', payload: { legacy_id: 'l', media_id: 'm', story_id: 's' } },
  MediaProcessed: {
    kind: 'MediaAsset',
    payload: {
      legacy_id: 'l',
      media_id: 'm',
      outcome: 'READY',
      content_type: 'image/jpeg',
      derivatives: [],
    },
  },
  ModerationFlagged: {
    kind: 'Story',
    payload: { legacy_id: 'l', story_id: 's', revision: 1, reason: 'because', source: 'USER' },
  },
}

function example(type: string): ReturnType<typeof createEvent> {
  const { kind, payload } = examples[type] ?? { kind: 'None', payload: {} }
  return createEvent(context, { type, version: 1, resource: { kind, id: 'r' }, payload })
}

function faultOf(event: unknown): unknown {
  try {
    validateEvent(event)
  } catch (error) {
    return error
  }
  return undefined
}

describe('the schemas of events', () => {
  it('have an example each in this test', () => {
    const directory = new URL('../../../schema/events/', import.meta.url)
    const types = readdirSync(directory).map((file) => file.replace(/\.v\d+\.json$/, ''))
    expect(types.filter((type) => type !== 'envelope').toSorted()).toEqual(
      Object.keys(examples).toSorted(),
    )
  })

  describe.each(Object.keys(examples))('%s', (type) => {
    it('takes its example, also with a field that it does not know', () => {
      const event = example(type)
      expect(faultOf(event)).toBeUndefined()
      expect(faultOf({ ...event, payload: { ...event.payload, added_later: 1 } })).toBeUndefined()
    })

    it.each(Object.keys(examples[type]?.payload ?? {}))('refuses to go without %s', (field) => {
      const { [field]: _gone, ...payload } = example(type).payload
      const fault = faultOf({ ...example(type), payload })
      expect(hasCode(fault, 'INVALID_INPUT')).toBe(true)
      expect(fault).toMatchObject({
        details: { faults: [{ path: '/payload', message: expect.stringContaining(field) }] },
      })
    })

    it('refuses another kind of resource', () => {
      const fault = faultOf({ ...example(type), resource: { kind: 'Teapot', id: 'r' } })
      expect(hasCode(fault, 'INVALID_INPUT')).toBe(true)
    })
  })

  const needed = Object.keys(example('StoryDeleted')).filter((field) => field !== 'traceparent')

  it.each(needed)('need %s in the envelope', (field) => {
    const { [field as 'id']: _gone, ...rest } = example('StoryDeleted')
    expect(hasCode(faultOf(rest), 'INVALID_INPUT')).toBe(true)
  })

  it('do without a traceparent', () => {
    const { traceparent: _gone, ...rest } = example('StoryDeleted')
    expect(faultOf(rest)).toBeUndefined()
  })

  it.each([
    ['an unknown type', { type: 'StoryWhispered' }],
    ['an unknown version', { version: 2 }],
    ['the name of a file outside', { type: '../../package' }],
    ['a tenant id that is none', { tenant_id: 'Home/../other' }],
    ['an id that is no ULID', { id: 'one' }],
    ['a time that is none', { occurred_at: 'yesterday' }],
    ['a time in another zone', { occurred_at: '2026-01-01T00:00:00+02:00' }],
    ['an actor without a kind', { actor_id: 'user-1' }],
    ['a payload that is a list', { payload: [] }],
    ['a status that there is not', { payload: { ...story, status: 'SECRET' } }],
    ['a revision before the first', { payload: { ...story, revision: 0 } }],
    ['a revision as text', { payload: { ...story, revision: '1' } }],
  ])('refuse %s', (_what, change) => {
    expect(hasCode(faultOf({ ...example('StoryUpdated'), ...change }), 'INVALID_INPUT')).toBe(true)
  })

  it.each([null, undefined, 1, 'text', [], {}])('refuse %j', (value) => {
    expect(hasCode(faultOf(value), 'INVALID_INPUT')).toBe(true)
  })
})
