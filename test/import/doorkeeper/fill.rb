# Runs Doorkeeper in a Rails application on a PostgreSQL, makes applications and tokens by its own controllers, and prints
# what it handed out as JSON. See README.md
require 'rails'
require 'active_record/railtie'
require 'action_controller/railtie'
require 'doorkeeper'
require 'json'
require 'digest'
require 'securerandom'

ENV['DATABASE_URL'] ||= "postgresql://#{ENV['PGUSER']}@#{ENV['PGHOST']}:#{ENV['PGPORT']}/#{ENV['PGDATABASE']}"
HASHED = ARGV[0] == 'hashed'

class Application < Rails::Application
  config.load_defaults Rails::VERSION::STRING.to_f
  config.eager_load = false
  config.secret_key_base = 'fixture'
  config.hosts.clear
  config.logger = Logger.new(nil)
end

class ApplicationController < ActionController::Base
end

class User < ActiveRecord::Base
end

Doorkeeper.configure do
  orm :active_record
  resource_owner_authenticator { User.find_by!(name: request.headers['X-User']) }
  skip_authorization { true }
  use_refresh_token
  default_scopes :read
  optional_scopes :write
  grant_flows %w[authorization_code client_credentials]
  if HASHED
    hash_token_secrets
    hash_application_secrets using: ARGV[1] == 'bcrypt' ? '::Doorkeeper::SecretStoring::BCrypt' : '::Doorkeeper::SecretStoring::Sha256Hash'
  end
end

Application.initialize!
Rails.application.routes.draw { use_doorkeeper }

unless ActiveRecord::Base.connection.table_exists?(:users)
  ActiveRecord::Schema.verbose = false
  templates = File.join(Gem::Specification.find_by_name('doorkeeper').full_gem_path, 'lib/generators/doorkeeper/templates')
  %w[migration enable_pkce_migration].each do |template|
    eval ERB.new(File.read("#{templates}/#{template}.rb.erb")).result_with_hash(migration_version: "[#{ActiveRecord::Migration.current_version}]") # rubocop:disable Security/Eval
  end
  ActiveRecord::Migration.suppress_messages do
    ActiveRecord::Schema.define do
      create_table(:users) { |t| t.string :name }
    end
    CreateDoorkeeperTables.migrate(:up)
    EnablePkce.migrate(:up)
  end
end

OUT = {}
CALLBACK = 'https://app.example.org/callback'.freeze
BROWSER = ActionDispatch::Integration::Session.new(Rails.application)
NAME = HASHED ? "#{ARGV[1]}_" : ''

def application(name, **kind)
  made = Doorkeeper::Application.create!(name: name, redirect_uri: "#{CALLBACK}\nhttps://app.example.org/other", **kind)
  OUT["#{NAME}#{name}_id"] = made.uid
  OUT["#{NAME}#{name}_secret"] = made.plaintext_secret if made.confidential
  made
end

def token(app, form)
  BROWSER.post('/oauth/token', params: { client_id: app.uid, **(app.confidential ? { client_secret: app.plaintext_secret } : {}), **form })
  raise BROWSER.response.body unless BROWSER.response.successful?

  JSON.parse(BROWSER.response.body)
end

def authorize(app, user, scope)
  verifier = SecureRandom.urlsafe_base64(48)
  BROWSER.get('/oauth/authorize', headers: { 'X-User' => user }, params: {
    client_id: app.uid, response_type: 'code', redirect_uri: CALLBACK, scope: scope, state: 's',
    code_challenge: Base64.urlsafe_encode64(Digest::SHA256.digest(verifier), padding: false), code_challenge_method: 'S256'
  })
  code = Rack::Utils.parse_query(URI(BROWSER.response.location).query)['code']
  token(app, grant_type: 'authorization_code', code: code, code_verifier: verifier, redirect_uri: CALLBACK)
end

def refresh(app, tokens)
  token(app, grant_type: 'refresh_token', refresh_token: tokens['refresh_token'])
end

# the first use of an access token ends the refresh token before
def use(tokens)
  BROWSER.get('/oauth/token/info', headers: { 'Authorization' => "Bearer #{tokens['access_token']}" })
end

def keep(name, tokens)
  OUT["#{NAME}#{name}"] = tokens['refresh_token']
  tokens
end

%w[ada ben eve].each { |name| User.find_or_create_by!(name: name) }
web = application('web', confidential: true, scopes: 'read write')
native = application('native', confidential: false)
tokens = authorize(web, 'ada', 'read write')
OUT["#{NAME}ada_first"] = tokens['refresh_token']
tokens = refresh(web, tokens)
use(tokens)
OUT["#{NAME}ada_parent"] = tokens['refresh_token']
tokens = refresh(web, tokens)
use(tokens)
keep('ada', tokens)
keep('ada_native', authorize(native, 'ada', 'read'))
# refreshed, and the answer's access token not used: both refresh tokens are good
tokens = keep('ben_before', authorize(web, 'ben', 'read'))
keep('ben', refresh(web, tokens))
tokens = keep('eve_revoked', authorize(web, 'eve', 'read'))
BROWSER.post('/oauth/revoke', params: { client_id: web.uid, client_secret: web.plaintext_secret, token: tokens['refresh_token'] })
puts OUT.to_json
