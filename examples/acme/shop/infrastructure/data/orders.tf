resource "aws_s3_bucket" "orders" {
  bucket = "acme-shop-orders"
}

resource "aws_db_instance" "orders" {
  identifier              = "orders"
  engine                  = "postgres"
  instance_class          = "db.t3.medium"
  allocated_storage       = 50
  backup_retention_period = 0
  storage_encrypted       = true
}
