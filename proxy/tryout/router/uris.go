package router

import "strings"

// URIs of the errors and reasons that this router sends ("Basic Profile URIs",
// #name-basic-profile-uris; "Advanced Profile URIs", #name-advanced-profile-uris).
const (
	uriAlreadyExists      = "wamp.error.procedure_already_exists"
	uriCanceled           = "wamp.error.canceled"
	uriFeature            = "wamp.error.feature_not_supported"
	uriGoodbyeAndOut      = "wamp.close.goodbye_and_out"
	uriInvalidArgument    = "wamp.error.invalid_argument"
	uriInvalidURI         = "wamp.error.invalid_uri"
	uriNoAuthMethod       = "wamp.error.no_matching_auth_method"
	uriNoSuchProcedure    = "wamp.error.no_such_procedure"
	uriNoSuchRealm        = "wamp.error.no_such_realm"
	uriNoSuchRegistration = "wamp.error.no_such_registration"
	uriNoSuchSubscription = "wamp.error.no_such_subscription"
	uriOptionNotAllowed   = "wamp.error.option_not_allowed"
	uriDifferentPolicy    = "wamp.error.procedure_exists_with_different_invocation_policy"
	uriProtocolViolation  = "wamp.error.protocol_violation"
	uriSystemShutdown     = "wamp.close.system_shutdown"
)

// reserved tells whether a URI may not be registered or published to by a
// client: WAMP keeps them to itself ("URIs", #name-uris).
func reserved(uri string) bool { return strings.HasPrefix(uri, "wamp.") }
