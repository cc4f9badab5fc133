import { readdirSync } from 'node:fs'

import js from '@eslint/js'
import reactHooks from 'eslint-plugin-react-hooks'
import globals from 'globals'
import tseslint from 'typescript-eslint'

// The rooms of src, from the front door inwards. A room may use the rooms
// after it and never the ones before it.
const rooms = ['app', 'features', 'components', 'lib', 'api']

const oneWayImports = rooms.map((room, i) => ({
  files: [`src/${room}/**`],
  rules: {
    'no-restricted-imports': ['error', { patterns: forbidden(rooms.slice(0, i)) }],
  },
}))

// A feature does not know the other features; pages in app bring them together.
const features = readdirSync(new URL('src/features', import.meta.url))
const separateFeatures = features.map((feature) => ({
  files: [`src/features/${feature}/**`],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: forbidden(['app', ...features.filter((f) => f !== feature).map((f) => `features/${f}`)]) },
    ],
  },
}))

function forbidden(outer) {
  return [
    { group: ['../*'], message: 'Import across folders by @/room/…, so that the rooms show.' },
    ...outer.map((room) => ({
      group: [`@/${room}`, `@/${room}/**`],
      message: `Imports go one way: app -> features -> components -> lib. This may not use ${room}.`,
    })),
  ]
}

export default tseslint.config(
  { ignores: ['dist', 'src/api', 'test-results', 'playwright-report'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      // TanStack Router's redirect and notFound are thrown.
      '@typescript-eslint/only-throw-error': [
        'error',
        {
          allow: [{ from: 'package', package: '@tanstack/router-core', name: ['Redirect', 'NotFoundError'] }],
        },
      ],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat.recommended],
    languageOptions: { globals: globals.browser },
    rules: {
      'no-console': 'error',
      // What a strict Content-Security-Policy and hostile names forbid.
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'Names are untrusted: render text.',
        },
      ],
    },
  },
  { files: ['public/**'], languageOptions: { globals: globals.browser, sourceType: 'script' } },
  { files: ['*.config.js', 'scripts/**'], languageOptions: { globals: globals.node } },
  ...oneWayImports,
  ...separateFeatures,
)
