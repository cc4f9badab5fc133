import { useState, type SubmitEvent } from 'react'

import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import { SelectField, TextField } from '@/components/field'
import type { Schema } from '@/lib/api'

import { boundsText } from './parameter-draft'

interface Props {
  parameter: Schema<'Parameter'>
  wish: string | null | undefined
  onWish: (value: string) => void
  onClose: () => void
}

/** Where another value for a parameter is written down, to be reviewed with the others. */
export function ParameterDialog({ parameter: p, wish, onWish, onClose }: Props) {
  const [value, setValue] = useState(wish ?? p.set ?? p.current ?? '')
  const choices = p.type === 'bool' ? ['on', 'off'] : p.one_of
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    onWish(value)
    onClose()
  }
  return (
    <Dialog title={p.name} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        {p.description && <p className="mb-4 text-ink-soft">{p.description}</p>}
        {choices ? (
          <SelectField
            label="Value"
            name="value"
            value={value}
            choices={(choices.includes(value) ? choices : [value, ...choices]).map((choice) => ({
              value: choice,
              title: choice,
            }))}
            onChange={setValue}
          />
        ) : (
          <TextField
            label="Value"
            name="value"
            autoFocus
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            hint={boundsText(p)}
            value={value}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
        <p className="text-sm text-ink-faint">
          {p.takes === 'restart'
            ? 'Another value takes a restart of the server.'
            : 'The server takes another value up as it runs.'}
        </p>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary">
            Add to the changes
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
