import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

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

export default defineConfig({
  plugins: [react(), tailwindcss(), apiDocsAssets()],
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
