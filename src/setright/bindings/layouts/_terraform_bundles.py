"""What several offers make in Terraform, by name: the key for data and logs, log groups, roles. Each is made once a module.

AWS KMS developer guide, key policies; Amazon CloudWatch Logs user guide, encrypt log data; the maker's page of each service for
what its role or key must allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.error import BindingError
from setright.model import Plain

PARTITION = "${data.aws_partition.current.partition}"
ACCOUNT = "${data.aws_caller_identity.current.account_id}"
REGION = "${data.aws_region.current.id}"
LOG_DAYS = 365  # how long logs are kept
BACKUP_DAYS = 35


def statement(sid: str, principal: Plain, actions: Plain, resource: Plain = "*", **more: Plain) -> dict[str, Plain]:
    """One statement that allows."""
    said: dict[str, Plain] = {"Sid": sid, "Effect": "Allow"}
    return said | ({"Principal": principal} if principal else {}) | {"Action": actions, "Resource": resource} | more


def policy(*statements: Plain) -> dict[str, Plain]:
    return {"json": {"Version": "2012-10-17", "Statement": list(statements)}}


def trusted(service: str) -> dict[str, Plain]:
    """The policy by which a service takes on a role."""
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}})


ROOT = statement("Account", {"AWS": f"arn:{PARTITION}:iam::{ACCOUNT}:root"}, "kms:*")
WHO: dict[str, Plain] = {"data/aws_caller_identity/current": {}, "data/aws_partition/current": {}}
WHERE: dict[str, Plain] = WHO | {"data/aws_region/current": {}}


def logs(region: str) -> dict[str, Plain]:
    """What CloudWatch Logs of a region may do with a key."""
    return statement(
        "Logs",
        {"Service": f"logs.{region}.amazonaws.com"},
        ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        Condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:{PARTITION}:logs:{region}:{ACCOUNT}:*"}},
    )


TRAIL = statement(
    "Trails",
    {"Service": "cloudtrail.amazonaws.com"},
    ["kms:DescribeKey", "kms:GenerateDataKey*"],
    Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
)


def kms_key(about: str, *statements: Plain) -> dict[str, Plain]:
    return {"description": about, "enable_key_rotation": True, "policy": policy(ROOT, *statements)}


USES: list[Plain] = [
    *("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"),
]


def through(*services: str) -> dict[str, Plain]:
    """What lets everybody of the account use a key through services, as the keys do that AWS manages for them."""
    said: dict[str, Plain] = {
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": [f"{service}.{REGION}.amazonaws.com" for service in services],
    }
    return statement("Stores", {"AWS": "*"}, USES, Condition={"StringEquals": said})


PUBLISHERS = (  # the services that publish to topics in their own name, and not by a role
    *("budgets", "cloudtrail", "cloudwatch", "codestar-notifications", "dms", "ds", "dynamodb", "events", "events.rds"),
    *("redshift", "s3", "ses"),
)
DATA_KEY: dict[str, Plain] = WHERE | {"resource/aws_kms_key/data": kms_key("Data and logs of this module", logs(REGION))}


def log_group(name: str, prefix: str) -> dict[str, Plain]:
    """A log group with the module's key."""
    body: Plain = {"name_prefix": prefix, "retention_in_days": LOG_DAYS, "kms_key_id": {"is": "aws_kms_key.data.arn"}}
    return DATA_KEY | {f"resource/aws_cloudwatch_log_group/{name}": body}


def log_writer(name: str, service: str, group: str) -> dict[str, Plain]:
    """A role with which a service writes into one log group."""
    written = statement("", None, ["logs:CreateLogStream", "logs:PutLogEvents"], f"${{aws_cloudwatch_log_group.{group}.arn}}:*")
    written.pop("Sid")
    return {
        f"resource/aws_iam_role/{name}": {"name_prefix": name.replace("_", "-") + "-", "assume_role_policy": trusted(service)},
        f"resource/aws_iam_role_policy/{name}": {"role": {"is": f"aws_iam_role.{name}.id"}, "policy": policy(written)},
    }


def managed(priority: int, name: str, action: str = "none") -> dict[str, Plain]:
    """A rule of a web ACL that the maker keeps up to date; with ``count`` it only tells what it would refuse."""
    group: Plain = [{"managed_rule_group_statement": [{"name": name, "vendor_name": "AWS"}]}]
    given: dict[str, Plain] = {"name": name, "priority": priority, "override_action": [{action: [{}]}], "statement": group}
    return given | {"visibility_config": [seen(name)]}


def seen(name: str) -> dict[str, Plain]:
    return {"cloudwatch_metrics_enabled": True, "metric_name": name, "sampled_requests_enabled": True}


def own(name: str, key: str = "data") -> dict[str, Plain]:
    """A name that an account may have once, with the id of the module's key: a module may be called twice."""
    return {"is": f'"{name}-${{aws_kms_key.{key}.key_id}}"'}


def web_acl(name: str, scope: str, key: str) -> dict[str, Plain]:
    """A web ACL that lets in what no rule of the maker refuses; what may be honest is only counted."""
    rules: Plain = [
        managed(0, "AWSManagedRulesCommonRuleSet"),
        managed(1, "AWSManagedRulesKnownBadInputsRuleSet"),
        managed(2, "AWSManagedRulesAnonymousIpList", "count"),
    ]
    allowed: Plain = [{"allow": [{}]}]
    return {"name": own(name, key), "scope": scope, "default_action": allowed, "rule": rules, "visibility_config": [seen(name)]}


def at_edge(blocks: Mapping[str, Plain]) -> dict[str, Plain]:
    """Resources as they are for CloudFront, which looks for them in one region."""
    return {place: {"region": "us-east-1", **body} for place, body in blocks.items() if isinstance(body, dict)}


def google_key(service: str, agent: str, named: str, location: Plain) -> dict[str, Plain]:
    """A key of Cloud KMS where the data is, and the grant by which a service's own account uses it; a ring is never deleted."""
    project: Plain = {"own": "project"}
    account = f"data.google_{agent}.{service}.{'email' if 'default' in agent else 'email_address'}"
    return {
        f"data/google_{agent}/{service}": {"project": project},
        "resource/google_project_service/kms": {
            "project": project,
            "service": "cloudkms.googleapis.com",
            "disable_on_destroy": False,
        },
        "resource/google_kms_key_ring/data": {
            "project": {"is": "google_project_service.kms.project"},  # so that Cloud KMS is on before
            "name": {"own": named, "as": "key-name", "for": service},
            "location": location,
        },
        "resource/google_kms_crypto_key/data": {
            "name": "data",
            "key_ring": {"is": "google_kms_key_ring.data.id"},
            "rotation_period": "7776000s",
            "lifecycle": [{"prevent_destroy": True}],
        },
        f"resource/google_kms_crypto_key_iam_member/{service}": {
            "crypto_key_id": {"is": "google_kms_crypto_key.data.id"},
            "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            "member": {"is": f'"serviceAccount:${{{account}}}"'},
        },
    }


BUNDLES: Mapping[str, Mapping[str, Plain]] = {
    "bucket-key": google_key("storage", "storage_project_service_account", "name", {"own": "location", "as": "key-location"}),
    "dataset-key": google_key(
        "bigquery", "bigquery_default_service_account", "dataset_id", {"own": "location", "as": "key-location", "else": "us"}
    ),
    "data-key": DATA_KEY,
    "workspace": {
        "resource/azurerm_log_analytics_workspace/logs": {
            "name": {"own": "name", "as": "logs-name"},
            "location": {"own": "location"},
            "resource_group_name": {"own": "resource_group_name"},
            "sku": "PerGB2018",
            "retention_in_days": 90,
        }
    },
    "trail-key": WHO | {"resource/aws_kms_key/trail": kms_key("Files of the trail", TRAIL)},
    "topic-key": WHERE
    | {
        "resource/aws_kms_key/topics": kms_key(
            "Topics of this module",
            statement(
                "Topics",
                {"Service": [f"{each}.amazonaws.com" for each in PUBLISHERS]},
                ["kms:Decrypt", "kms:GenerateDataKey*"],
            ),
            through("sns"),
        )
    },
    "lake-key": WHO
    | {
        "resource/aws_kms_key/lake": kms_key(
            "Events",
            statement(
                "Events",
                {"Service": "cloudtrail.amazonaws.com"},
                ["kms:Decrypt", "kms:GenerateDataKey"],
                Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            ),
        )
    },
    "trail-logs": log_group("trail", "trail-") | log_writer("trail_logs", "cloudtrail.amazonaws.com", "trail"),
    "account": WHO,
    "trail-topic": WHO
    | {
        "resource/aws_kms_key/trail": kms_key("Files of the trail", TRAIL),
        "resource/aws_sns_topic/trail": {"name_prefix": "trail-", "kms_master_key_id": {"is": "aws_kms_key.trail.id"}},
        "resource/aws_sns_topic_policy/trail": {
            "arn": {"is": "aws_sns_topic.trail.arn"},
            "policy": policy(
                statement(
                    "Trails",
                    {"Service": "cloudtrail.amazonaws.com"},
                    "sns:Publish",
                    "${aws_sns_topic.trail.arn}",
                    Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
                )
            ),
        },
    },
    "security-headers": {"data/aws_cloudfront_response_headers_policy/security": {"name": "Managed-SecurityHeadersPolicy"}},
    "search-admin": WHO
    | {
        "resource/aws_iam_role/search_admin": {
            "name_prefix": "search-admin-",
            "assume_role_policy": policy(
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:{PARTITION}:iam::{ACCOUNT}:root"}}
            ),
        }
    },
    "web-acl-logs": log_group("web_acl", "aws-waf-logs-"),
    "web-acl": log_group("web_acl", "aws-waf-logs-")
    | {
        "resource/aws_wafv2_web_acl/regional": web_acl("regional", "REGIONAL", "data"),
        "resource/aws_wafv2_web_acl_logging_configuration/regional": {
            "resource_arn": {"is": "aws_wafv2_web_acl.regional.arn"},
            "log_destination_configs": [{"is": "aws_cloudwatch_log_group.web_acl.arn"}],
        },
    },
    "edge-acl": WHO
    | at_edge(
        {
            "resource/aws_kms_key/edge": kms_key("Logs of the web ACL at the edge", logs("us-east-1")),
            "resource/aws_cloudwatch_log_group/edge_acl": {
                "name_prefix": "aws-waf-logs-edge-",
                "retention_in_days": LOG_DAYS,
                "kms_key_id": {"is": "aws_kms_key.edge.arn"},
            },
            "resource/aws_wafv2_web_acl/edge": web_acl("edge", "CLOUDFRONT", "edge"),
            "resource/aws_wafv2_web_acl_logging_configuration/edge": {
                "resource_arn": {"is": "aws_wafv2_web_acl.edge.arn"},
                "log_destination_configs": [{"is": "aws_cloudwatch_log_group.edge_acl.arn"}],
            },
        }
    ),
    "backup-plan": DATA_KEY
    | {
        "resource/aws_backup_vault/daily": {"name": own("daily"), "kms_key_arn": {"is": "aws_kms_key.data.arn"}},
        "resource/aws_backup_plan/daily": {
            "name": "daily",
            "rule": [
                {
                    "rule_name": "daily",
                    "target_vault_name": {"is": "aws_backup_vault.daily.name"},
                    "schedule": "cron(0 3 * * ? *)",
                    "lifecycle": [{"delete_after": BACKUP_DAYS}],
                }
            ],
        },
        "resource/aws_iam_role/backup": {"name_prefix": "backup-", "assume_role_policy": trusted("backup.amazonaws.com")},
        "resource/aws_iam_role_policy_attachment/backup": {
            "role": {"is": "aws_iam_role.backup.name"},
            "policy_arn": {"is": f'"arn:{PARTITION}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"'},
        },
    },
    "api-logs": log_group("api_access", "api-access-"),
    "broker-logs": log_group("brokers", "brokers-"),
    "workflow-logs": log_group("workflows", "/aws/vendedlogs/states/"),
    "search-logs": log_group("search", "search-")
    | {
        "resource/aws_cloudwatch_log_resource_policy/search": {
            "policy_name": own("search-logs"),
            "policy_document": policy(
                statement(
                    "Search",
                    {"Service": "es.amazonaws.com"},
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "${aws_cloudwatch_log_group.search.arn}:*",
                    Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
                )
            ),
        }
    },
    "instance-role": {
        "data/aws_partition/current": {},
        "resource/aws_iam_role/instance": {"name_prefix": "instance-", "assume_role_policy": trusted("ec2.amazonaws.com")},
        "resource/aws_iam_role_policy_attachment/instance": {
            "role": {"is": "aws_iam_role.instance.name"},
            "policy_arn": {"is": f'"arn:{PARTITION}:iam::aws:policy/AmazonSSMManagedInstanceCore"'},
        },
        "resource/aws_iam_instance_profile/instance": {"name_prefix": "instance-", "role": {"is": "aws_iam_role.instance.name"}},
    },
    "code-signing": {
        "resource/aws_signer_signing_profile/functions": {"platform_id": "AWSLambda-SHA384-ECDSA"},
        "resource/aws_lambda_code_signing_config/functions": {
            "allowed_publishers": [
                {"signing_profile_version_arns": [{"is": "aws_signer_signing_profile.functions.version_arn"}]},
            ],
            "policies": [{"untrusted_artifact_on_deployment": "Warn"}],
        },
    },
    "client-certificate": {"resource/aws_api_gateway_client_certificate/api": {"description": "Shown to servers behind APIs"}},
    "graphql-log-role": {
        "data/aws_partition/current": {},
        "resource/aws_iam_role/graphql_logs": {
            "name_prefix": "graphql-logs-",
            "assume_role_policy": trusted("appsync.amazonaws.com"),
        },
        "resource/aws_iam_role_policy_attachment/graphql_logs": {
            "role": {"is": "aws_iam_role.graphql_logs.name"},
            "policy_arn": {"is": f'"arn:{PARTITION}:iam::aws:policy/service-role/AWSAppSyncPushToCloudWatchLogs"'},
        },
    },
}


def bundled(makes: Plain) -> Iterator[tuple[str, Plain]]:
    """What an offer makes, place by place: ``makes`` is a mapping of them, or the name of a bundle here."""
    if isinstance(makes, str) and makes not in BUNDLES:
        raise BindingError(f"offers: makes: there is no {makes!r}; bundles are {', '.join(BUNDLES)}")
    yield from (BUNDLES[makes] if isinstance(makes, str) else makes or {}).items()
