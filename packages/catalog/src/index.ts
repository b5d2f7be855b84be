export * from './continents.ts'
export * from './open-world.ts'
export * from './read-feed.ts'
export * from './services.ts'
