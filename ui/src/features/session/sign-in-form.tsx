import { useState, type SubmitEvent } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { TextField } from '@/components/field'

import { useSignIn } from './queries'

export function SignInForm({ onSignedIn }: { onSignedIn: () => void }) {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const signIn = useSignIn()

  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    signIn.mutate({ username, password }, { onSuccess: onSignedIn })
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-1">
      <TextField
        label="Username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        autoFocus
        required
        maxLength={100}
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="current-password"
        required
        maxLength={1000}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {signIn.isError && <ErrorAlert error={signIn.error} className="mb-4" />}
      <Button type="submit" look="primary" pending={signIn.isPending}>
        Sign in
      </Button>
    </form>
  )
}
