"""What providers had long ago: the places of the bindings were compared with younger ones only.

Changelogs of hashicorp/azurerm, google and aws. A module that asks for a version before the floor gets what is named here and
what stands in it already; anything else might be younger than its provider, which then takes the whole module no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.layouts._terraform_versions import constraint, version
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain

FLOORS = {"aws": "2.0", "azurerm": "2.0", "google": "3.0"}
ALWAYS = frozenset({"count", "depends_on", "lifecycle", "provider", "tags"})
MACHINE = "can_ip_forward deletion_protection metadata network_interface scopes service_account shielded_instance_config@2.20"
OLD = {  # by type the arguments, each with what is below it; behind an @ the version that brought it
    "aws_cloudtrail": "cloud_watch_logs_group_arn cloud_watch_logs_role_arn enable_log_file_validation enable_logging "
    "include_global_service_events is_multi_region_trail kms_key_id",
    "aws_cloudwatch_log_group": "kms_key_id name name_prefix retention_in_days",
    "aws_db_instance": "auto_minor_version_upgrade backup_retention_period copy_tags_to_snapshot multi_az publicly_accessible "
    "enabled_cloudwatch_logs_exports@1.20 iam_database_authentication_enabled@1.3 monitoring_interval monitoring_role_arn "
    "storage_encrypted",
    "aws_default_security_group": "egress ingress vpc_id",
    "aws_elb": "access_logs connection_draining cross_zone_load_balancing listener",
    "aws_iam_account_password_policy": "allow_users_to_change_password max_password_age minimum_password_length "
    "password_reuse_prevention require_lowercase_characters require_numbers require_symbols require_uppercase_characters",
    "aws_iam_instance_profile": "name name_prefix role",
    "aws_iam_role": "assume_role_policy name name_prefix",
    "aws_iam_role_policy": "name policy role",
    "aws_iam_role_policy_attachment": "policy_arn role",
    "aws_instance": "associate_public_ip_address ebs_optimized iam_instance_profile monitoring vpc_security_group_ids",
    "aws_kms_key": "description enable_key_rotation policy",
    "aws_launch_configuration": "associate_public_ip_address enable_monitoring",
    "aws_rds_cluster": "backup_retention_period iam_database_authentication_enabled@1.20 storage_encrypted",
    "aws_s3_bucket": "acl lifecycle_rule logging server_side_encryption_configuration@1.3 versioning",
    "aws_security_group": "description egress ingress",
    "aws_security_group_rule": "cidr_blocks description",
    "aws_sns_topic": "kms_master_key_id@1.37 policy",
    "aws_sqs_queue": "kms_master_key_id policy",
    "aws_subnet": "map_public_ip_on_launch",
    "azurerm_app_service": "app_settings https_only identity site_config/always_on site_config/min_tls_version@1.16 "
    "site_config/remote_debugging_enabled",
    "azurerm_automation_variable_string": "encrypted",
    "azurerm_container_registry": "admin_enabled sku",
    "azurerm_cosmosdb_account": "ip_range_filter is_virtual_network_filter_enabled",
    "azurerm_function_app": "app_settings https_only identity",
    "azurerm_key_vault": "network_acls",
    "azurerm_key_vault_secret": "content_type",
    "azurerm_kubernetes_cluster": "network_profile/network_policy role_based_access_control",
    "azurerm_log_analytics_workspace": "retention_in_days",
    "azurerm_monitor_log_profile": "categories retention_policy",
    "azurerm_network_security_group": "security_rule",
    "azurerm_network_security_rule": "description destination_port_range source_address_prefix",
    "azurerm_postgresql_configuration": "name resource_group_name server_name value",
    "azurerm_redis_cache": "enable_non_ssl_port minimum_tls_version@1.33",
    "azurerm_security_center_contact": "alert_notifications alerts_to_admins email phone",
    "azurerm_security_center_subscription_pricing": "tier",
    "azurerm_storage_account": "account_kind account_replication_type enable_https_traffic_only "
    "network_rules/bypass network_rules/ip_rules network_rules/virtual_network_subnet_ids",
    "azurerm_storage_container": "container_access_type",
    "azurerm_virtual_machine": "os_profile_linux_config/disable_password_authentication os_profile_windows_config",
    "google_compute_disk": "disk_encryption_key/raw_key",
    "google_compute_firewall": "allow deny destination_ranges priority source_ranges source_tags target_tags",
    "google_compute_instance": MACHINE,
    "google_compute_instance_template": MACHINE,
    "google_compute_network": "auto_create_subnetworks",
    "google_compute_project_metadata": "metadata",
    "google_compute_ssl_policy": "min_tls_version profile",
    "google_compute_subnetwork": "enable_flow_logs log_config@2.20 private_ip_google_access",
    "google_container_cluster": "addons_config/network_policy_config enable_legacy_abac ip_allocation_policy@2.0 logging_service "
    "master_auth master_authorized_networks_config monitoring_service network_policy node_config/image_type "
    "node_config/oauth_scopes node_config/service_account private_cluster_config@2.0 resource_labels",
    "google_container_node_pool": "management node_config/image_type node_config/oauth_scopes node_config/service_account",
    "google_kms_crypto_key": "rotation_period",
    "google_project": "auto_create_network",
    "google_sql_database_instance": "settings/availability_type settings/backup_configuration/binary_log_enabled "
    "settings/backup_configuration/enabled settings/backup_configuration/start_time settings/database_flags "
    "settings/ip_configuration/authorized_networks settings/ip_configuration/ipv4_enabled "
    "settings/ip_configuration/require_ssl",
    "google_storage_bucket": "bucket_policy_only@2.0 encryption@1.20 lifecycle_rule logging versioning",
}


def refuse_too_new(module: Module, locator: str, edit: Edit) -> None:
    """Raises BindingError for an edit that says what the provider asked for may not have yet."""
    if edit.remove or edit.path[0] != "resource" or len(edit.path) < 4:
        return
    kind = str(edit.path[1])
    provider = kind.partition("_")[0]
    floor = FLOORS.get(provider)
    asked = constraint(module, provider)
    if floor is None or asked.most >= version(floor):
        return
    ages = dict(_ages(OLD.get(kind, "")))
    for path in _said(edit.path[4:], edit.value):
        if any(part in ALWAYS for part in path[:1]) or _stands(module, locator, edit, path):
            continue
        names = [part for part in path if isinstance(part, str)]
        since = [ages[at] for i in range(len(names)) if (at := "/".join(names[: i + 1])) in ages]
        if not since or asked.most < version(since[0]):
            where, whose = f"{locator}: {kind}.{edit.path[2]}", asked.text or "that of Terraform 0.11"
            raise BindingError(f"{where}: {names[-1]} may be younger than the provider asked for, {whose}")


def _ages(text: str) -> Iterator[tuple[str, str]]:
    for each in text.split():
        at, _, since = each.partition("@")
        yield at, since or "0"


def _said(path: Path, value: Plain) -> Iterator[Path]:
    """The place of each argument that an edit says."""
    if isinstance(value, dict):
        inner = [each for key, held in value.items() for each in _said((*path, key), held)]
    else:
        items = enumerate(value) if isinstance(value, list) else ()
        inner = [each for at, held in items if isinstance(held, dict) for each in _said((*path, at), held)]
    yield from inner or [path]


def _stands(module: Module, locator: str, edit: Edit, path: Path) -> bool:
    """Whether the source says the argument already, whatever it is set to."""
    source = module.sources.get(locator)
    return source is not None and look_up(source.tree, (*edit.path[:4], *path)) is not None
