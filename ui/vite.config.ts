import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const root = path.dirname(fileURLToPath(import.meta.url))

// The API's docs page is served from the same build, so that it needs no
// external host either.
function apiDocsAssets(): Plugin {
  return {
    name: 'toygres:api-docs-assets',
    apply: 'build',
    closeBundle() {
      const from = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
      const to = path.join(root, 'dist', 'docs')
      mkdirSync(to, { recursive: true })
      for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
        const source = path.join(from, file)
        if (!existsSync(source)) throw new Error(`swagger-ui-dist no longer ships ${file}`)
        copyFileSync(source, path.join(to, file))
      }
    },
  }
}

const FIRST_LOAD_LIMIT = 200_000
const FIRST_PAGE = 'src/app/pages/dashboard.tsx'

// Fails the build when what a first visit of the dashboard loads grows beyond
// the limit (bytes, compressed): the frame, its style and that page. The other
// pages are chunks of their own and do not count.
function firstLoadLimit(): Plugin {
  return {
    name: 'toygres:first-load-limit',
    apply: 'build',
    generateBundle(_options, bundle) {
      const needed = new Set<string>()
      const add = (file: string) => {
        const chunk = bundle[file]
        if (needed.has(file) || !chunk) return
        needed.add(file)
        if (chunk.type !== 'chunk') return
        chunk.imports.forEach(add)
        chunk.viteMetadata?.importedCss.forEach(add)
      }
      let found = false
      for (const [file, chunk] of Object.entries(bundle)) {
        if (chunk.type !== 'chunk') continue
        const page = chunk.facadeModuleId?.endsWith(FIRST_PAGE) ?? false
        if (page || chunk.isEntry) add(file)
        found ||= page
      }
      if (!found) this.error(`${FIRST_PAGE} has no chunk of its own`)
      let total = 0
      for (const file of needed) {
        const output = bundle[file]
        if (output) total += gzipSync(output.type === 'chunk' ? output.code : output.source).length
      }
      const size = `first load: ${Math.round(total / 1000)} kB compressed, of at most ${FIRST_LOAD_LIMIT / 1000} kB`
      if (total > FIRST_LOAD_LIMIT) this.error(size)
      this.info(size)
    },
  }
}

export default defineConfig({
  plugins: [react(), tailwindcss(), apiDocsAssets(), firstLoadLimit()],
  resolve: { alias: { '@': path.join(root, 'src') } },
  build: {
    // The Content-Security-Policy allows no data: URLs.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: {
    proxy: { '/api': process.env.API_URL ?? 'http://127.0.0.1:8080' },
  },
})
