import { describe, expect, it } from 'vitest'
import { loadSupergraph } from '../federation/supergraph.js'
import { endpointsOf } from './endpoints.js'
import { selectionOf } from './selection.js'

const { apiSchema } = loadSupergraph(new URL('../../../schema/supergraph.graphql', import.meta.url))
const endpoints = endpointsOf(apiSchema)
const addressOf = (name: string) =>
  endpoints
    .filter(({ field }) => field.name === name)
    .map(({ method, path }) => `${method} ${path}`)

describe('the addresses of the schema', () => {
  it('are there for every field of query and mutation, and none is there twice', () => {
    const roots = [apiSchema.getQueryType(), apiSchema.getMutationType()]
    const names = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}))
    expect(new Set(endpoints.map(({ field }) => field.name))).toEqual(new Set(names))
    const addresses = endpoints.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(addresses).size).toBe(addresses.length)
  })

  it.each([
    ['stories', ['GET /stories']],
    ['story', ['GET /stories/{id}']],
    ['legacy', ['GET /legacies/{id}', 'GET /legacy']],
    ['mediaAsset', ['GET /media-assets/{id}']],
    ['searchStories', ['GET /search-stories']],
    ['createStory', ['POST /stories']],
    ['updateStory', ['PATCH /stories/{id}']],
    ['publishStory', ['POST /stories/{id}/publish']],
    ['deleteStory', ['DELETE /stories/{id}']],
    ['addPerson', ['POST /people']],
    ['registerPlugin', ['POST /plugins']],
    ['startChatThread', ['POST /chat-threads']],
    ['importTree', ['POST /import-tree']],
  ])('%s: %j', (name, addresses) => {
    expect(addressOf(name)).toEqual(addresses)
  })
})

it('A thing is answered with its values and the ids of what it refers to', () => {
  const story = apiSchema.getQueryType()?.getFields()['story']
  if (story === undefined) throw new Error('the schema has no story')
  expect(selectionOf(story, undefined)).toBe(
    '{ id legacy { id } title body status state level moderationNote revision author { id } createdAt updatedAt publishedAt }',
  )
  expect(selectionOf(story, 'title,legacy.title,author')).toBe(
    '{ title legacy { title } author { id displayName } }',
  )
})
