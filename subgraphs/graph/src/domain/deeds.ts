/** What each mutation does, and what it is about, for the record of those that are denied. */
export const deeds = {
  addPerson: { action: 'person:write', kind: 'Legacy', id: 'legacyId' },
  addRelationship: { action: 'person:write', kind: 'Person', id: 'fromId' },
  linkPersonToStory: { action: 'person:write', kind: 'Person', id: 'personId' },
  importTree: { action: 'tree:import', kind: 'Legacy', id: 'legacyId' },
}

/** What was done where an event says that something was: events go with every write. */
export const actionOfEvent: Readonly<Record<string, string>> = {
  PersonAdded: 'person:write',
  RelationshipAdded: 'person:write',
  PersonLinkedToStory: 'person:write',
  TreeImported: 'tree:import',
}
